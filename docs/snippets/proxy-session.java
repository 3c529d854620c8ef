import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class ProxySession {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    static JsonObject ask(String method, String path, String body, String... more) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + path))
                .header("Authorization", "Bearer " + KEY)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (more.length > 0) request.headers(more);
        var answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        return answer.statusCode() == 204 ? null : JsonParser.parseString(answer.body()).getAsJsonObject();
    }

    /** Usage: ProxySession AGENT_ID */
    public static void main(String[] args) throws Exception {
        var session = ask("POST", "/v1/sessions/proxy", "{\"agent_id\": \"" + args[0] + "\", \"minutes\": 30}");
        try {
            // The session's token goes beside the key, not in its place.
            var state = "{\"routing_state\": \"not_ready\", \"reason\": \"training\"}";
            var token = session.get("token").getAsString();
            var changed = ask("PUT", "/v1/agents/" + args[0] + "/state", state, "X-Proxy-Session", token);
            System.out.println(changed.get("display_name").getAsString() + ": " + changed.get("routing_state").getAsString());
        } finally {
            ask("DELETE", "/v1/sessions/proxy/" + session.get("session_id").getAsString(), "");
        }
    }
}
