import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

class CallMake {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    /** Usage: CallMake 1001 "+61 491 570 156" lead-4711-attempt-1 */
    public static void main(String[] args) throws Exception {
        var wanted = new JsonObject();
        wanted.addProperty("agent_extension", args[0]);
        wanted.addProperty("to", args[1]);
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/calls"))
                .header("Authorization", "Bearer " + KEY)
                .header("Content-Type", "application/json")
                // Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
                .header("Idempotency-Key", args[2])
                .timeout(Duration.ofSeconds(10))
                .POST(HttpRequest.BodyPublishers.ofString(wanted.toString())).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        var call = JsonParser.parseString(answer.body()).getAsJsonObject();
        System.out.println(call.get("id").getAsString() + " " + call.get("state").getAsString());
        if (answer.headers().firstValue("Idempotency-Replayed").orElse("").equals("true")) System.out.println("sent before");
    }
}
