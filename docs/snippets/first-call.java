import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class FirstCall {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/sandbox")).header("Authorization", "Bearer " + KEY).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
        System.out.println(answer.body());
    }
}
