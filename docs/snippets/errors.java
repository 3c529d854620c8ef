import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Errors {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    /** Usage: Errors /v1/metrics/summary */
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + args[0])).header("Authorization", "Bearer " + KEY).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() < 400) return;
        var problem = JsonParser.parseString(answer.body()).getAsJsonObject();
        // Decide by the code, show people the detail, and keep the request's id for the administrator.
        System.out.printf("%d %s: %s (request %s)%n", answer.statusCode(), problem.get("code").getAsString(),
                problem.get("detail").getAsString(), problem.get("request_id").getAsString());
    }
}
