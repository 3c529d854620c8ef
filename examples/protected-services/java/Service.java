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
    static final Map<String, Integer> STATUS = Map.of("NOT_FOUND", 401, "REVOKED", 401, "DISABLED", 401, "EXPIRED", 401, "RATE_LIMITED", 429, "QUOTA_EXCEEDED", 429);

    /** The verdict on the caller's key; null where there is none. */
    static JsonObject ask(HttpExchange call, String scope) {
        String key = Objects.requireNonNullElse(call.getRequestHeaders().getFirst("Authorization"), "").replaceFirst("^Bearer ", "");
        var body = Map.of("key", key, "scopes", List.of(scope), "environment", "live", "ip", call.getRemoteAddress().getAddress().getHostAddress());
        try {
            var request = HttpRequest.newBuilder(URI.create(env.getOrDefault("KEYDESK_URL", "http://127.0.0.1:3000") + "/api/v1/keys/verify"))
                .header("Authorization", "Bearer " + env.get("KEYDESK_KEY")).header("Content-Type", "application/json").timeout(Duration.ofSeconds(2));
            var answer = http.send(request.POST(HttpRequest.BodyPublishers.ofString(new Gson().toJson(body))).build(), HttpResponse.BodyHandlers.ofString());
            var verdict = answer.statusCode() == 200 ? JsonParser.parseString(answer.body()).getAsJsonObject() : new JsonObject();
            return verdict.has("code") && verdict.has("valid") ? verdict : null;
        } catch (Exception unreachable) {
            return null;
        }
    }

    static void contacts(HttpExchange call) throws java.io.IOException {
        var verdict = ask(call, "contacts:read");
        String code = verdict == null ? "" : verdict.get("code").getAsString();
        JsonElement wait = verdict == null || !verdict.has("retry_after_seconds") ? JsonNull.INSTANCE : verdict.get("retry_after_seconds");
        boolean valid = code.equals("VALID") && verdict.get("valid").getAsBoolean();
        // Whoever can't be checked is not let in.
        int status = verdict == null ? 503 : valid ? 200 : STATUS.getOrDefault(code, 403);
        if (status == 429 && wait.isJsonNull()) status = 403; // No waiting helps.
        if (status == 401) call.getResponseHeaders().set("WWW-Authenticate", "Bearer");
        if (status == 429 || status == 503) call.getResponseHeaders().set("Retry-After", status == 503 ? "5" : wait.getAsString());
        call.getResponseHeaders().set("Content-Type", "application/json");
        var said = valid ? Map.of("items", List.of(), "client", verdict.get("client_name").getAsString()) : Map.of("detail", status == 503 ? "Keys can't be checked at the moment" : code);
        byte[] bytes = new Gson().toJson(said).getBytes(UTF_8);
        call.sendResponseHeaders(status, bytes.length);
        call.getResponseBody().write(bytes);
        call.close();
    }

    public static void main(String[] args) throws Exception {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(env.getOrDefault("PORT", "8000"))), 0);
        server.setExecutor(java.util.concurrent.Executors.newFixedThreadPool(16));
        server.createContext("/contacts", Service::contacts);
        server.start();
    }
}
