import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Token {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    /** Usage: Token QUEUE_ID https://shop.example */
    public static void main(String[] args) throws Exception {
        var wanted = "{\"queue_ids\": [\"%s\"], \"origin\": \"%s\", \"minutes\": 15}".formatted(args[0], args[1]);
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/live/tokens"))
                .header("Authorization", "Bearer " + KEY)
                .header("Content-Type", "application/json")
                // A key that is bound to a site's origin is asked for it here, too.
                .header("Origin", args[1])
                .POST(HttpRequest.BodyPublishers.ofString(wanted)).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        // {"token": ..., "expires_at": ...}: this goes to the page, the key does not.
        System.out.println(answer.body());
    }
}
