<?php
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$last = null;
while (true) {
    $header = [$key, 'Accept: text/event-stream'];
    if ($last !== null) {
        $header[] = "Last-Event-ID: $last";
    }
    // A comment comes every 15 s: whoever hears nothing for longer has lost the connection.
    // With HTTP/1.1 PHP would hold events back until 8 KiB of them are there.
    $http = ['header' => $header, 'timeout' => 45, 'ignore_errors' => true, 'protocol_version' => '1.0'];
    $stream = @fopen("$gateway/v1/stream/agent-states", 'r', false, stream_context_create(['http' => $http]));
    if ($stream !== false && preg_match('/ 40[13]\b/', $http_response_header[0])) {
        exit(stream_get_contents($stream));
    }
    $event = [];
    while ($stream !== false && ($line = fgets($stream)) !== false) {
        $line = rtrim($line, "\n");
        if ($line !== '') {
            [$field, $value] = explode(': ', $line, 2) + [1 => ''];
            $event[$field] = $value;
            continue;
        }
        // The empty line ends an event.
        if (isset($event['event'])) {
            $data = json_decode($event['data'], true);
            echo $event['event'], ' ', $event['id'] ?? '', "\n";
            // Here you work with $data. Remember the id after that, not before.
            $last = $event['id'] ?? $last;
        }
        $event = [];
    }
    sleep(2);
}
