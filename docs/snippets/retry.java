import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

class Retry {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    static String get(String path, int tries) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + path)).header("Authorization", "Bearer " + KEY).build();
        var client = HttpClient.newHttpClient();
        for (int attempt = 1;; attempt++) {
            var answer = client.send(request, BodyHandlers.ofString());
            if (answer.statusCode() < 400) return answer.body();
            if (!List.of(429, 502, 503, 504).contains(answer.statusCode()) || attempt == tries) {
                throw new IllegalStateException(answer.body());
            }
            // The answer says how long. Without it: longer each time, and not all at the same moment.
            var told = answer.headers().firstValueAsLong("Retry-After");
            double seconds = told.isPresent()
                    ? told.getAsLong() : Math.pow(2, attempt) * ThreadLocalRandom.current().nextDouble(0.5, 1);
            System.out.println(answer.statusCode() + ", waiting " + seconds + " s");
            Thread.sleep((long) (seconds * 1000));
        }
    }

    public static void main(String[] args) throws Exception {
        for (int call = 0; call < 3; call++) {
            get("/v1/queues?limit=1", 5);
            System.out.println("answered");
        }
    }
}
