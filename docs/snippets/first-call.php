<?php
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$context = stream_context_create(['http' => ['header' => [$key]]]);
print_r(json_decode(file_get_contents("$gateway/v1/sandbox", false, $context), true));
