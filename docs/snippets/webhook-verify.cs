using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

class WebhookVerify
{
    // [show]
    // The headers webhook-id, webhook-timestamp, webhook-signature, and the body's bytes as they came.
    static bool Verify(string secret, string id, string timestamp, string signatures, byte[] body)
    {
        // Older or newer than five minutes: somebody may be playing back what they have heard.
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp)) > 300) return false;
        var key = Convert.FromBase64String(secret.StartsWith("whsec_") ? secret.Substring(6) : secret);
        var signed = Encoding.UTF8.GetBytes($"{id}.{timestamp}.").Concat(body).ToArray();
        var expected = "v1," + Convert.ToBase64String(new HMACSHA256(key).ComputeHash(signed));
        // There may be several, while a secret is being changed.
        return signatures.Split(' ').Any(signature => Same(expected, signature));
    }

    // Takes as long wherever they differ. In .NET since 2.1: CryptographicOperations.FixedTimeEquals.
    static bool Same(string a, string b)
    {
        var differences = a.Length ^ b.Length;
        for (var at = 0; at < a.Length && at < b.Length; at++) differences |= a[at] ^ b[at];
        return differences == 0;
    }
    // [end]

    // Usage: WebhookVerify SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE, with the body on standard input
    static void Main(string[] args)
    {
        var body = new MemoryStream();
        Console.OpenStandardInput().CopyTo(body);
        var valid = Verify(args[0], args[1], args[2], args[3], body.ToArray());
        Console.WriteLine(valid ? "valid" : "invalid");
        Environment.Exit(valid ? 0 : 1);
    }
}
