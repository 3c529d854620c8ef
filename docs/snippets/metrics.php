<?php
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$query = http_build_query(['queue' => 'Sales', 'length' => '15m', 'basis' => 'offered']);
$context = stream_context_create(['http' => ['header' => [$key]]]);
$figures = json_decode(file_get_contents("$gateway/v1/metrics/queues?$query", false, $context), true);
foreach ($figures['items'] as $row) {
    $level = json_encode($row['service_level']['answered_and_abandoned']); // null where nobody called
    $final = json_encode($row['final']);
    echo "{$row['start']} offered {$row['offered_count']}, answered {$row['answered_count']}, ",
        "service level $level, final $final\n";
}
