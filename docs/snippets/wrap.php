<?php
// Usage: wrap.php CALL_ID
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$wrap = ['code' => 'resolved', 'comments' => 'Invoice explained.', 'data' => ['ticket' => '4711']];
$context = stream_context_create(['http' => [
    'method' => 'PUT',
    'header' => [$key, 'Content-Type: application/json'],
    'content' => json_encode($wrap),
]]);
$written = json_decode(file_get_contents("$gateway/v1/calls/$argv[1]/wrap", false, $context), true);
echo "{$written['code']}, revision {$written['revision']}\n";
