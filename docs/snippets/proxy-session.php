<?php
// Usage: proxy-session.php AGENT_ID
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');

$ask = function (string $method, string $path, array $body = null, string ...$more) use ($gateway, $key) {
    $http = ['method' => $method, 'header' => [$key, 'Content-Type: application/json', ...$more]];
    if ($body !== null) {
        $http['content'] = json_encode($body);
    }
    return json_decode(file_get_contents($gateway . $path, false, stream_context_create(['http' => $http])), true);
};

$agent = $argv[1];
$session = $ask('POST', '/v1/sessions/proxy', ['agent_id' => $agent, 'minutes' => 30]);
try {
    // The session's token goes beside the key, not in its place.
    $state = ['routing_state' => 'not_ready', 'reason' => 'training'];
    $changed = $ask('PUT', "/v1/agents/$agent/state", $state, "X-Proxy-Session: {$session['token']}");
    echo "{$changed['display_name']}: {$changed['routing_state']}\n";
} finally {
    $ask('DELETE', "/v1/sessions/proxy/{$session['session_id']}");
}
