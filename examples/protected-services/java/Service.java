import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.*;
import java.net.http.*;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;

/** Contacts, for keys that may read them. Keydesk is asked as a proxy asks it, and what it says of a refusal is passed on. */
class Service {
    static final String KEYDESK = System.getenv().getOrDefault("KEYDESK_URL", "http://127.0.0.1:3000");
    static final HttpClient http = HttpClient.newHttpClient();

    static void contacts(HttpExchange call) throws IOException, InterruptedException {
        var question = HttpRequest.newBuilder(URI.create(KEYDESK + "/authz?scope=contacts:read")).timeout(Duration.ofSeconds(2))
            .header("Authorization", call.getRequestHeaders().getOrDefault("Authorization", List.of("")).get(0))
            .header("X-Forwarded-For", call.getRemoteAddress().getAddress().getHostAddress());
        var answer = http.send(question.build(), HttpResponse.BodyHandlers.ofByteArray());
        var key = answer.headers().firstValue("X-Keydesk-Key-Id");
        var allowed = answer.statusCode() == 200 && key.isPresent();
        if (!allowed && answer.statusCode() / 100 != 4) throw new IOException("Keydesk decides nothing");
        for (var name : List.of("Content-Type", "WWW-Authenticate", "Retry-After"))
            answer.headers().firstValue(name).ifPresent(value -> call.getResponseHeaders().set(name, value));
        var body = allowed ? "{\"items\": [], \"key_id\": \"%s\"}".formatted(key.get()).getBytes() : answer.body();
        call.sendResponseHeaders(answer.statusCode(), body.length);
        call.getResponseBody().write(body);
    }

    public static void main(String[] args) throws IOException {
        var port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8000"));
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/contacts", call -> {
            try {
                contacts(call);
            } catch (Exception unchecked) { // Whoever can't be checked is not let in.
                call.getResponseHeaders().set("Retry-After", "1");
                call.sendResponseHeaders(503, -1);
            }
            call.close();
        });
        server.start();
    }
}
