// Quality assurance: takes recordings that are new, chooses some fairly by agent, downloads and verifies them, and scores how the call
// went. `java -cp /usr/share/java/gson.jar QualityAssurance.java [recording id ...]`; ids are scored whether or not they are drawn.
import com.google.gson.*;
import java.io.*;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.*;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.*;
import java.nio.file.*;
import java.security.*;
import java.time.*;
import java.util.*;
import java.util.function.ToDoubleFunction;
import java.util.stream.*;
import static java.nio.charset.StandardCharsets.UTF_8;

public class QualityAssurance {
    static final String GATEWAY = env("KEYDESK_GATEWAY", "http://127.0.0.1:8080");
    static final String KEY = env("KEYDESK_KEY", "");
    static final Path FOLDER = Path.of(env("QA_FOLDER", "qa"));
    static final int SAMPLE = Integer.parseInt(env("QA_SAMPLE", "6"));
    static final long LONGEST_MS = 1000 * Long.parseLong(env("QA_LONGEST_SECONDS", "1800"));
    static final int TRIES = 8;
    static final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();

    record Scored(String recording, String call, String agentId, String agent, String team, String queue, String startedAt, long durationMs, int legs,
        double agentRatio, double customerRatio, double bothRatio, double silenceRatio, long longestSilenceMs, long holdMs, long pausedMs,
        boolean pausesSilent, int score, String sha256) {}

    public static void main(String[] ids) throws Exception {
        if (KEY.isEmpty()) throw new IllegalStateException("KEYDESK_KEY is not set");
        Files.createDirectories(FOLDER);
        var scored = Scores.read();
        // What is new: the cursor is kept when all of this round is scored, so a round that was broken off is done again.
        var cursor = FOLDER.resolve("changes_cursor");
        var fresh = new ArrayList<JsonObject>();
        for (var id : ids) fresh.add(get("/v1/recordings/" + id));
        String next = ids.length > 0 ? null : changes(Files.exists(cursor) ? Files.readString(cursor) : null, fresh);
        fresh.removeIf(recording -> !text(recording, "status").equals("available") || !recording.get("agent").isJsonObject());
        if (ids.length == 0) fresh.removeIf(recording -> recording.get("duration_ms").getAsLong() > LONGEST_MS);
        fresh.removeIf(recording -> scored.stream().anyMatch(row -> row.recording.equals(text(recording, "id"))));
        var chosen = ids.length > 0 ? fresh : sample(fresh, scored, SAMPLE);
        System.out.printf("%d new recordings, %d of them to score%n", fresh.size(), chosen.size());
        boolean loud = false;
        for (var recording : chosen) {
            var row = score(get("/v1/recordings/" + text(recording, "id")));
            if (row == null) continue;
            scored.add(row);
            Scores.append(row);
            loud |= !row.pausesSilent;
            System.out.printf("%s %s %d%s%n", row.recording, row.agent, row.score, row.pausesSilent ? "" : " PAUSED SPAN IS NOT SILENT");
        }
        if (next != null) Files.writeString(cursor, next);
        Scores.report(scored);
        if (loud) throw new IllegalStateException("a paused span is not silent: what was said there must not be kept");
    }

    /** Recordings that changed since, or of the last day; returns where to go on. */
    static String changes(String since, List<JsonObject> found) throws Exception {
        String place = since == null ? "&from=" + encoded(Instant.now().minus(Duration.ofDays(1)).toString()) : "&changed_since=" + encoded(since);
        for (String next = place; ; ) {
            JsonObject page;
            try {
                page = get("/v1/recordings?limit=500" + next);
            } catch (Refused refused) {
                if (!refused.getMessage().contains("changes_lost")) throw refused;
                return changes(null, found); // The log does not reach back so far.
            }
            var items = page.getAsJsonArray("items");
            items.forEach(item -> found.add(item.getAsJsonObject()));
            if (since == null && page.get("next_cursor").isJsonNull() || since != null && items.isEmpty()) return text(page, "changes_cursor");
            next = since == null ? place + "&cursor=" + encoded(text(page, "next_cursor")) : "&changed_since=" + encoded(text(page, "changes_cursor"));
        }
    }

    /** Draws one at a time for the agent with the fewest scores so far. A hash decides among the recordings of an agent: nobody can choose them. */
    static List<JsonObject> sample(List<JsonObject> fresh, List<Scored> scored, int count) throws Exception {
        var counts = new HashMap<String, Integer>();
        for (var row : scored) counts.merge(row.agentId, 1, Integer::sum);
        var byHash = new TreeMap<String, JsonObject>();
        for (var recording : fresh) byHash.put(hash(new ByteArrayInputStream(text(recording, "id").getBytes(UTF_8))), recording);
        var rest = new ArrayList<>(byHash.values());
        var chosen = new ArrayList<JsonObject>();
        while (chosen.size() < count && !rest.isEmpty()) {
            var drawn = Collections.min(rest, Comparator.comparing(recording -> counts.getOrDefault(agent(recording), 0)));
            rest.remove(drawn);
            chosen.add(drawn);
            counts.merge(agent(drawn), 1, Integer::sum);
        }
        return chosen;
    }

    /** Downloads a recording, verifies it, and measures how both sides spoke. Null if it was deleted meanwhile. */
    static Scored score(JsonObject recording) throws Exception {
        Path file = text(recording, "status").equals("available") ? download(recording) : null;
        if (file == null) return null;
        var legs = get("/v1/calls/by-root/" + text(recording, "root_id")).getAsJsonArray("items");
        var leg = StreamSupport.stream(legs.spliterator(), false).map(JsonElement::getAsJsonObject)
            .filter(one -> text(one, "id").equals(text(recording, "call_id"))).findFirst().orElseThrow();
        var agent = get("/v1/agents/" + agent(recording));
        var sound = Sound.read(file, recording.get("duration_ms").getAsLong());
        boolean silent = true;
        long paused = 0;
        for (var pause : recording.getAsJsonArray("pauses")) {
            long from = pause.getAsJsonObject().get("from_ms").getAsLong(), to = pause.getAsJsonObject().get("to_ms").getAsLong();
            silent &= sound.isSilent(from, to);
            sound.leaveOut(from, to);
            paused += to - from;
        }
        var spoken = sound.spoken();
        long hold = leg.getAsJsonObject("durations").get("hold_ms").getAsLong();
        var queue = leg.get("queue");
        return new Scored(text(recording, "id"), text(recording, "call_id"), agent(recording), text(agent, "display_name"), text(agent, "team"),
            queue.isJsonObject() ? text(queue.getAsJsonObject(), "name") : "", text(recording, "created_at"), sound.durationMs(), legs.size(),
            spoken.agent, spoken.customer, spoken.both, spoken.nobody, spoken.longestSilenceMs, hold, paused, silent,
            points(spoken, hold, sound.durationMs()), text(recording, "sha256"));
    }

    /** Of 100: each rule takes what it says. */
    static int points(Spoken spoken, long holdMs, long durationMs) {
        double points = 100;
        points -= 100 * Math.max(0, spoken.nobody - 0.20); // More than 20 % silence: a point for each percent.
        points -= 200 * Math.max(0, spoken.both - 0.05); // They interrupt each other: two points for each percent above 5.
        points -= 100 * Math.max(0, Math.abs(spoken.agent - 0.35) - 0.05); // Agents should speak, and listen: one for each percent outside 30 to 40.
        points -= spoken.longestSilenceMs > 10_000 ? 10 : 0;
        points -= 50 * Math.max(0, (double) holdMs / durationMs - 0.20);
        return (int) Math.round(Math.max(0, points));
    }

    /** Fetches what is missing of a file until all of it is there, also where an earlier run ended. Null: it was deleted. */
    static Path download(JsonObject recording) throws Exception {
        String id = text(recording, "id"), sha256 = text(recording, "sha256");
        long size = recording.get("size_bytes").getAsLong();
        Path file = FOLDER.resolve(id + ".wav"), part = FOLDER.resolve(id + "." + sha256.substring(0, 16) + ".part");
        if (Files.exists(file) && hash(file).equals(sha256)) return file;
        for (int tried = 0; ; tried++) {
            long have = Files.exists(part) ? Files.size(part) : 0;
            if (have == size) break;
            try {
                var response = http.send(request("/v1/recordings/" + id + "/content").header("Range", "bytes=" + have + "-").build(), BodyHandlers.ofInputStream());
                try (var body = response.body()) {
                    if (response.statusCode() == 410) return null;
                    if (response.statusCode() != 206) {
                        wait(response, new String(body.readAllBytes(), UTF_8), tried);
                        continue;
                    }
                    if (!response.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + have + "-")) throw new IllegalStateException("another range than asked for");
                    try (var out = Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                        body.transferTo(out);
                    }
                }
            } catch (IOException cut) {
                long now = Files.exists(part) ? Files.size(part) : 0;
                if (now > have) tried = 0; // It gets on.
                if (tried >= TRIES) throw cut;
                System.out.printf("%s was cut at byte %d, and goes on from there%n", id, now);
                Thread.sleep(200L << tried);
            }
        }
        if (!hash(part).equals(sha256)) {
            Files.delete(part);
            throw new IllegalStateException(id + " is not what was recorded: its SHA-256 differs");
        }
        return Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }

    record Spoken(double agent, double customer, double both, double nobody, long longestSilenceMs) {}

    /** 16-bit stereo, agent left. */
    static class Sound {
        static final int RATE = 8_000, WINDOW = RATE / 50, LOUD = 250;
        final ShortBuffer samples;
        final BitSet leftOut = new BitSet();
        Sound(ShortBuffer samples) { this.samples = samples; }

        static Sound read(Path file, long durationMs) throws Exception {
            var bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            var format = new String(bytes.array(), 0, 4, UTF_8) + bytes.getShort(22) + "x" + bytes.getInt(24) + "x" + bytes.getShort(34);
            if (!format.equals("RIFF2x8000x16")) throw new IllegalStateException(file + " is not 8 kHz, 16 bits, stereo: " + format);
            var sound = new Sound(bytes.position(44).slice().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer());
            if (Math.abs(sound.durationMs() - durationMs) > 1) throw new IllegalStateException(file + " is not as long as the call was");
            return sound;
        }

        int frames() { return samples.limit() / 2; }
        long durationMs() { return frames() * 1000L / RATE; }
        int frame(long ms) { return (int) Math.min(frames(), ms * RATE / 1000); }

        boolean isSilent(long fromMs, long toMs) {
            for (int at = 2 * frame(fromMs); at < 2 * frame(toMs); at++) if (samples.get(at) != 0) return false;
            return true;
        }

        /** What was not recorded counts neither as speech nor as silence. */
        void leaveOut(long fromMs, long toMs) { leftOut.set(frame(fromMs) / WINDOW, frame(toMs) / WINDOW + 1); }

        boolean speaks(int window, int channel) {
            for (int frame = window * WINDOW; frame < (window + 1) * WINDOW; frame++) if (Math.abs(samples.get(2 * frame + channel)) > LOUD) return true;
            return false;
        }

        Spoken spoken() {
            int all = 0, agent = 0, customer = 0, both = 0, nobody = 0, silence = 0, longest = 0;
            for (int window = 0; window < frames() / WINDOW; window++) {
                if (leftOut.get(window)) { silence = 0; continue; }
                boolean left = speaks(window, 0), right = speaks(window, 1);
                all++;
                if (left) agent++;
                if (right) customer++;
                if (left && right) both++;
                if (!left && !right) nobody++;
                silence = left || right ? 0 : silence + 1;
                longest = Math.max(longest, silence);
            }
            double count = Math.max(1, all);
            return new Spoken(agent / count, customer / count, both / count, nobody / count, longest * 20L);
        }
    }

    /** `scores.ndjson` says what was scored: a line is written as soon as it is known. */
    static class Scores {
        static final Path FILE = FOLDER.resolve("scores.ndjson");

        static List<Scored> read() throws IOException {
            if (!Files.exists(FILE)) return new ArrayList<>();
            return Files.readAllLines(FILE).stream().map(line -> new Gson().fromJson(line, Scored.class)).collect(Collectors.toList());
        }

        static void append(Scored row) throws IOException {
            Files.writeString(FILE, new Gson().toJson(row) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }

        /** A page with a line for each agent. */
        static void report(List<Scored> rows) throws Exception {
            var page = new StringBuilder(Files.readString(Path.of("report-head.html")));
            rows.stream().collect(Collectors.groupingBy(Scored::agent, TreeMap::new, Collectors.toList())).forEach((agent, own) -> {
                long mean = Math.round(own.stream().mapToInt(Scored::score).average().orElse(0));
                page.append(String.format("<tr><th scope=row>%s<td>%s<td>%d<td><meter min=0 max=100 low=60 high=80 optimum=100 value=%d></meter> %d<td>%s<td>%s<td>%s\n",
                    html(agent), html(own.get(0).team), own.size(), mean, mean, percent(own, Scored::agentRatio), percent(own, Scored::silenceRatio), own.stream().allMatch(Scored::pausesSilent) ? "yes" : "NO"));
            });
            Files.writeString(FOLDER.resolve("report.html"), page.append("</table>\n"));
        }

        static String percent(List<Scored> rows, ToDoubleFunction<Scored> of) { return Math.round(100 * rows.stream().mapToDouble(of).average().orElse(0)) + " %"; }
        static String html(String text) { return text.replace("&", "&amp;").replace("<", "&lt;"); }
    }

    static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(GATEWAY + path)).header("Authorization", "Bearer " + KEY).timeout(Duration.ofSeconds(60));
    }

    static JsonObject get(String path) throws Exception {
        for (int tried = 0; ; tried++) {
            try {
                var response = http.send(request(path).build(), BodyHandlers.ofString());
                if (response.statusCode() == 200) return JsonParser.parseString(response.body()).getAsJsonObject();
                wait(response, response.body(), tried);
            } catch (IOException cut) {
                if (tried >= TRIES) throw cut;
                Thread.sleep(200L << tried);
            }
        }
    }

    /** Waits where waiting helps: too many calls, a recording that is not ready, a gateway that restarts. */
    static void wait(HttpResponse<?> response, String body, int tried) throws Exception {
        int status = response.statusCode();
        if (status != 409 && status != 429 && status < 500 || tried >= TRIES) throw new Refused(status, body);
        Thread.sleep(response.headers().firstValueAsLong("Retry-After").orElse(1) * 1000);
    }

    static class Refused extends Exception { Refused(int status, String body) { super("refused with " + status + ": " + body); } }

    static String text(JsonObject of, String name) { return of.get(name).getAsString(); }
    static String agent(JsonObject recording) { return text(recording.getAsJsonObject("agent"), "id"); }
    static String encoded(String text) { return URLEncoder.encode(text, UTF_8); }
    static String env(String name, String otherwise) { return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty()).orElse(otherwise); }
    static String hash(Path file) throws Exception { return hash(Files.newInputStream(file)); }

    static String hash(InputStream bytes) throws Exception {
        try (var in = new DigestInputStream(bytes, MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        }
    }
}
