<?php
// Usage: token.php QUEUE_ID https://shop.example
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$context = stream_context_create(['http' => [
    'method' => 'POST',
    // A key that is bound to a site's origin is asked for it here, too.
    'header' => [$key, 'Content-Type: application/json', "Origin: $argv[2]"],
    'content' => json_encode(['queue_ids' => [$argv[1]], 'origin' => $argv[2], 'minutes' => 15]),
]]);
// {"token": ..., "expires_at": ...}: this goes to the page, the key does not.
echo file_get_contents("$gateway/v1/live/tokens", false, $context), "\n";
