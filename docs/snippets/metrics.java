import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Metrics {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    public static void main(String[] args) throws Exception {
        var query = "queue=Sales&length=15m&basis=offered";
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/metrics/queues?" + query))
                .header("Authorization", "Bearer " + KEY).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        for (var item : JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonArray("items")) {
            var row = item.getAsJsonObject();
            var level = row.getAsJsonObject("service_level").get("answered_and_abandoned"); // null where nobody called
            System.out.printf("%s offered %s, answered %s, service level %s, final %s%n", row.get("start").getAsString(),
                    row.get("offered_count"), row.get("answered_count"), level, row.get("final"));
        }
    }
}
