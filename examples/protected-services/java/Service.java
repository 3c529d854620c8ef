import com.google.gson.*;
import com.sun.net.httpserver.*;
import java.net.*;
import java.net.http.*;
import java.time.Duration;
import java.util.*;
import static java.nio.charset.StandardCharsets.UTF_8;

public class Service {
    static final Map<String, String> env = System.getenv();
    static final HttpClient http = HttpClient.newHttpClient();
    static final Map<String, Integer> STATUS = Map.of("NOT_FOUND", 401, "REVOKED", 401, "DISABLED", 401, "EXPIRED", 401, "RATE_LIMITED", 429, "QUOTA_EXCEEDED", 429, "UNCHECKED", 503);
    // Whoever can't be checked is not let in.
    static final Verdict UNCHECKED = new Verdict(false, "UNCHECKED", null, 5L);

    record Verdict(Boolean valid, String code, String client_name, Long retry_after_seconds) {}

    static Verdict ask(HttpExchange call, String scope) {
        String key = Objects.requireNonNullElse(call.getRequestHeaders().getFirst("Authorization"), "").replaceFirst("^Bearer ", "");
        var body = Map.of("key", key, "scopes", List.of(scope), "environment", "live", "ip", call.getRemoteAddress().getAddress().getHostAddress());
        var request = HttpRequest.newBuilder(URI.create(env.getOrDefault("KEYDESK_URL", "http://127.0.0.1:3000") + "/api/v1/keys/verify"))
            .header("Authorization", "Bearer " + env.get("KEYDESK_KEY")).header("Content-Type", "application/json").timeout(Duration.ofSeconds(2));
        try {
            var answer = http.send(request.POST(HttpRequest.BodyPublishers.ofString(new Gson().toJson(body))).build(), HttpResponse.BodyHandlers.ofString());
            var verdict = answer.statusCode() == 200 ? new Gson().fromJson(answer.body(), Verdict.class) : null;
            return verdict != null && verdict.valid != null && verdict.code != null ? verdict : UNCHECKED;
        } catch (Exception unreachable) {
            return UNCHECKED;
        }
    }

    static void contacts(HttpExchange call) throws java.io.IOException {
        var verdict = ask(call, "contacts:read");
        boolean valid = verdict.valid && verdict.code.equals("VALID");
        int status = valid ? 200 : STATUS.getOrDefault(verdict.code, 403);
        if (status == 429 && verdict.retry_after_seconds == null) status = 403; // No waiting helps.
        if (status == 401) call.getResponseHeaders().set("WWW-Authenticate", "Bearer");
        if (status == 429 || status == 503) call.getResponseHeaders().set("Retry-After", verdict.retry_after_seconds.toString());
        call.getResponseHeaders().set("Content-Type", "application/json");
        byte[] said = new Gson().toJson(valid ? Map.of("items", List.of(), "client", verdict.client_name) : Map.of("detail", verdict.code)).getBytes(UTF_8);
        call.sendResponseHeaders(status, said.length);
        call.getResponseBody().write(said);
        call.close();
    }

    public static void main(String[] args) throws Exception {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(env.getOrDefault("PORT", "8000"))), 0);
        server.setExecutor(java.util.concurrent.Executors.newFixedThreadPool(16));
        server.createContext("/contacts", Service::contacts);
        server.start();
    }
}
