<?php
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$day = ['from' => gmdate('Y-m-d\T00:00:00\Z', time() - 86400), 'to' => gmdate('Y-m-d\T00:00:00\Z')];
$query = http_build_query(['format' => 'parquet'] + $day);
$context = stream_context_create(['http' => ['header' => [$key]]]);
// copy() holds a few kilobytes at a time, however long the table is.
copy("$gateway/v1/data/calls?$query", 'calls.parquet', $context);
// A Parquet file ends with these four bytes: without them the transfer was cut.
echo file_get_contents('calls.parquet', offset: filesize('calls.parquet') - 4) === 'PAR1' ? 'complete' : 'cut', "\n";
