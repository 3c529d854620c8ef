import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class WebhookVerify {
    // [show]
    /** The headers webhook-id, webhook-timestamp, webhook-signature, and the body's bytes as they came. */
    static boolean verify(String secret, String id, String timestamp, String signatures, byte[] body) throws Exception {
        // Older or newer than five minutes: somebody may be playing back what they have heard.
        if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > 300) return false;
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")), "HmacSHA256"));
        mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
        var expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
        // There may be several, while a secret is being changed.
        for (var signature : signatures.split(" ")) {
            if (MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.UTF_8))) return true;
        }
        return false;
    }
    // [end]

    /** Usage: WebhookVerify SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE, with the body on standard input */
    public static void main(String[] args) throws Exception {
        var valid = verify(args[0], args[1], args[2], args[3], System.in.readAllBytes());
        System.out.println(valid ? "valid" : "invalid");
        System.exit(valid ? 0 : 1);
    }
}
