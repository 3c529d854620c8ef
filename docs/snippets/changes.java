import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

class Changes {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    /** Reads a page and prints it. */
    static JsonObject page(String name, String cursor) throws Exception {
        var address = GATEWAY + "/v1/wraps?limit=500";
        if (name != null) address += "&" + name + "=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8);
        var request = HttpRequest.newBuilder(URI.create(address)).header("Authorization", "Bearer " + KEY).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        var page = JsonParser.parseString(answer.body()).getAsJsonObject();
        for (var item : page.getAsJsonArray("items")) {
            var wrap = item.getAsJsonObject();
            System.out.println(wrap.get("call_id").getAsString() + " " + wrap.get("code").getAsString());
        }
        return page;
    }

    public static void main(String[] args) throws Exception {
        var kept = Path.of("wraps.cursor");
        if (Files.exists(kept)) {
            // What changed since the last run, until a page is empty.
            while (true) {
                var changed = page("changed_since", Files.readString(kept));
                if (changed.getAsJsonArray("items").isEmpty()) break;
                Files.writeString(kept, changed.get("changes_cursor").getAsString());
            }
        } else {
            // The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
            var listed = page(null, null);
            var start = listed.get("changes_cursor").getAsString();
            while (!listed.get("next_cursor").isJsonNull()) listed = page("cursor", listed.get("next_cursor").getAsString());
            Files.writeString(kept, start);
        }
    }
}
