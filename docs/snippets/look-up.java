import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

class LookUp {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    /** Usage: LookUp "0491 570 006" */
    public static void main(String[] args) throws Exception {
        // URLEncoder keeps the + of an international number.
        var phone = URLEncoder.encode(args[0], StandardCharsets.UTF_8);
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/contacts/lookup?phone=" + phone))
                .header("Authorization", "Bearer " + KEY).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        for (var match : JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonArray("matches")) {
            var contact = match.getAsJsonObject().getAsJsonObject("contact");
            var matched = match.getAsJsonObject().getAsJsonObject("matched");
            System.out.printf("%s (%s)%n", contact.get("display_name").getAsString(), matched.get("how").getAsString());
        }
    }
}
