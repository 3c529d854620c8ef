<?php
// Usage: look-up.php "0491 570 006"
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

// http_build_query keeps the + of an international number.
$query = http_build_query(['phone' => $argv[1]]);
$context = stream_context_create(['http' => ['header' => [$key]]]);
$found = json_decode(file_get_contents("$gateway/v1/contacts/lookup?$query", false, $context), true);
foreach ($found['matches'] as $match) {
    echo "{$match['contact']['display_name']} ({$match['matched']['how']})\n";
}
