<?php
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$page = function (array $query) use ($gateway, $key) {
    $address = "$gateway/v1/wraps?" . http_build_query(['limit' => 500] + $query);
    $context = stream_context_create(['http' => ['header' => [$key]]]);
    return json_decode(file_get_contents($address, false, $context), true, 512, JSON_THROW_ON_ERROR);
};
$store = function (array $wraps) {
    foreach ($wraps as $wrap) {
        echo "{$wrap['call_id']} {$wrap['code']}\n";
    }
};

if (file_exists('wraps.cursor')) {
    // What changed since the last run, until a page is empty.
    while (($changed = $page(['changed_since' => file_get_contents('wraps.cursor')]))['items']) {
        $store($changed['items']);
        file_put_contents('wraps.cursor', $changed['changes_cursor']);
    }
} else {
    // The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
    $listed = $page([]);
    $start = $listed['changes_cursor'];
    $store($listed['items']);
    while ($listed['next_cursor'] !== null) {
        $listed = $page(['cursor' => $listed['next_cursor']]);
        $store($listed['items']);
    }
    file_put_contents('wraps.cursor', $start);
}
