import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.stream.Collectors;

class AgentStates {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    public static void main(String[] args) throws Exception {
        var client = HttpClient.newHttpClient();
        String last = null;
        while (true) {
            var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/stream/agent-states"))
                    .header("Authorization", "Bearer " + KEY)
                    .header("Accept", "text/event-stream");
            if (last != null) request.header("Last-Event-ID", last);
            try {
                var answer = client.send(request.build(), BodyHandlers.ofLines());
                if (answer.statusCode() == 401 || answer.statusCode() == 403) {
                    throw new IllegalStateException(answer.body().collect(Collectors.joining()));
                }
                var event = new HashMap<String, String>();
                for (var lines = answer.body().iterator(); lines.hasNext();) {
                    var line = lines.next();
                    if (!line.isEmpty()) {
                        var parts = line.split(": ", 2);
                        event.put(parts[0], parts.length > 1 ? parts[1] : "");
                        continue;
                    }
                    // The empty line ends an event.
                    if (event.containsKey("event")) {
                        var data = JsonParser.parseString(event.get("data"));
                        System.out.println(event.get("event") + " " + event.getOrDefault("id", ""));
                        // Here you work with data. Remember the id after that, not before.
                        last = event.getOrDefault("id", last);
                    }
                    event.clear();
                }
            } catch (IOException | UncheckedIOException lost) {
                // Come back with the last id: nothing is lost.
            }
            Thread.sleep(2000);
        }
    }
}
