<?php
// Usage: errors.php /v1/metrics/summary
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

// With ignore_errors the body of a refusal is read, too.
$context = stream_context_create(['http' => ['header' => [$key], 'ignore_errors' => true]]);
$answer = json_decode(file_get_contents($gateway . $argv[1], false, $context), true);
if ((int) explode(' ', $http_response_header[0])[1] >= 400) {
    // Decide by the code, show people the detail, and keep the request's id for the administrator.
    echo "{$answer['status']} {$answer['code']}: {$answer['detail']} (request {$answer['request_id']})\n";
}
