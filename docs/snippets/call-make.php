<?php
// Usage: call-make.php 1001 "+61 491 570 156" lead-4711-attempt-1
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

[, $extension, $number, $name] = $argv;
$context = stream_context_create(['http' => [
    'method' => 'POST',
    // Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
    'header' => [$key, 'Content-Type: application/json', "Idempotency-Key: $name"],
    'content' => json_encode(['agent_extension' => $extension, 'to' => $number]),
    'timeout' => 10,
]]);
$call = json_decode(file_get_contents("$gateway/v1/calls", false, $context), true);
echo "{$call['id']} {$call['state']}\n";
if (preg_grep('/^idempotency-replayed: true/i', $http_response_header)) {
    echo "sent before\n";
}
