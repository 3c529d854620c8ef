<?php
// Usage: webhook-verify.php SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE < body
// [show]
/** The headers webhook-id, webhook-timestamp, webhook-signature, and the body as it came: file_get_contents('php://input'). */
function verify(string $secret, string $id, string $timestamp, string $signatures, string $body): bool
{
    // Older or newer than five minutes: somebody may be playing back what they have heard.
    if (abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // There may be several, while a secret is being changed.
    foreach (explode(' ', $signatures) as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}
// [end]

[, $secret, $id, $timestamp, $signatures] = $argv;
if (verify($secret, $id, $timestamp, $signatures, file_get_contents('php://stdin'))) {
    echo "valid\n";
} else {
    echo "invalid\n";
    exit(1);
}
