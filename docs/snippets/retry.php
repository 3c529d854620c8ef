<?php
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$get = function (string $path, int $tries = 5) use ($gateway, $key) {
    $context = stream_context_create(['http' => ['header' => [$key], 'ignore_errors' => true]]);
    for ($attempt = 1; ; $attempt++) {
        $body = file_get_contents($gateway . $path, false, $context);
        $status = (int) explode(' ', $http_response_header[0])[1];
        if ($status < 400) {
            return json_decode($body, true);
        }
        if (!in_array($status, [429, 502, 503, 504]) || $attempt === $tries) {
            throw new RuntimeException($body);
        }
        // The answer says how long. Without it: longer each time, and not all at the same moment.
        $told = preg_grep('/^retry-after:/i', $http_response_header);
        $seconds = $told ? (int) substr(reset($told), 12) : 2 ** $attempt * mt_rand(50, 100) / 100;
        echo "$status, waiting $seconds s\n";
        usleep((int) ($seconds * 1_000_000));
    }
};

for ($call = 0; $call < 3; $call++) {
    $get('/v1/queues?limit=1');
    echo "answered\n";
}
