import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

class Recording {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");
    static final int CHUNK = 1 << 20;

    static byte[] get(String path, String... more) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/recordings/" + path)).header("Authorization", "Bearer " + KEY);
        if (more.length > 0) request.headers(more);
        var answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofByteArray());
        if (answer.statusCode() >= 400) throw new IllegalStateException(new String(answer.body()));
        return answer.body();
    }

    /** Usage: Recording RECORDING_ID */
    public static void main(String[] args) throws Exception {
        var known = JsonParser.parseString(new String(get(args[0]))).getAsJsonObject();
        var id = known.get("id").getAsString();
        var digest = MessageDigest.getInstance("SHA-256");
        try (var file = Files.newOutputStream(Path.of(id + ".wav"))) {
            for (long offset = 0; offset < known.get("size_bytes").getAsLong();) {
                var data = get(id + "/content", "Range", "bytes=" + offset + "-" + (offset + CHUNK - 1));
                file.write(data);
                digest.update(data);
                offset += data.length;
            }
        }
        if (!HexFormat.of().formatHex(digest.digest()).equals(known.get("sha256").getAsString())) {
            throw new IllegalStateException("the file is not what was recorded");
        }
        System.out.println(id + ".wav: OK");
    }
}
