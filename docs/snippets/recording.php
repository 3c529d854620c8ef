<?php
// Usage: recording.php RECORDING_ID
$gateway = getenv('KEYDESK_GATEWAY') ?: 'http://127.0.0.1:8080';
$key = 'Authorization: Bearer ' . getenv('KEYDESK_KEY');
const CHUNK = 1 << 20;

$get = function (string $path, string ...$more) use ($gateway, $key) {
    $context = stream_context_create(['http' => ['header' => [$key, ...$more]]]);
    return file_get_contents("$gateway/v1/recordings/$path", false, $context);
};

$known = json_decode($get($argv[1]), true, 512, JSON_THROW_ON_ERROR);
$digest = hash_init('sha256');
$file = fopen("{$known['id']}.wav", 'w');
for ($offset = 0; $offset < $known['size_bytes']; $offset += strlen($data)) {
    $data = $get("{$known['id']}/content", sprintf('Range: bytes=%d-%d', $offset, $offset + CHUNK - 1));
    if ($data === false) {
        exit(1);
    }
    fwrite($file, $data);
    hash_update($digest, $data);
}
fclose($file);
echo "{$known['id']}.wav: ", hash_final($digest) === $known['sha256'] ? 'OK' : 'not what was recorded', "\n";
