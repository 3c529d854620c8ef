import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;

class Export {
    static final String GATEWAY = System.getenv().getOrDefault("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = System.getenv("KEYDESK_KEY");

    public static void main(String[] args) throws Exception {
        var today = LocalDate.now(ZoneOffset.UTC);
        var day = "from=" + today.minusDays(1) + "T00:00:00Z&to=" + today + "T00:00:00Z";
        var request = HttpRequest.newBuilder(URI.create(GATEWAY + "/v1/data/calls?format=parquet&" + day))
                .header("Authorization", "Bearer " + KEY).build();
        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofFile(Path.of("calls.parquet")));
        if (answer.statusCode() >= 400) throw new IllegalStateException("refused: " + answer.statusCode());
        // A Parquet file ends with these four bytes: without them the transfer was cut.
        try (var file = new RandomAccessFile("calls.parquet", "r")) {
            var end = new byte[4];
            file.seek(file.length() - 4);
            file.readFully(end);
            System.out.println(new String(end).equals("PAR1") ? "complete" : "cut");
        }
    }
}
