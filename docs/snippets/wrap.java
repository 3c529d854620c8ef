import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Wrap {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    /** Usage: Wrap CALL_ID */
    public static void main(String[] args) throws Exception {
        var wrap = """
                {"code": "resolved", "comments": "Invoice explained.", "data": {"ticket": "4711"}}""";
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/calls/" + args[0] + "/wrap"))
                .header("Authorization", "Bearer " + KEY)
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(wrap)).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        var written = JsonParser.parseString(answer.body()).getAsJsonObject();
        System.out.printf("%s, revision %d%n", written.get("code").getAsString(), written.get("revision").getAsInt());
    }
}
