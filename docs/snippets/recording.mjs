// Usage: recording.mjs RECORDING_ID
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };
const CHUNK = 1 << 20;

async function get(path, more) {
  const answer = await fetch(`${gateway}/v1/recordings/${path}`, { headers: { ...headers, ...more } });
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

const known = await (await get(process.argv[2])).json();
const digest = createHash('sha256');
const file = await open(`${known.id}.wav`, 'w');
for (let offset = 0; offset < known.size_bytes; ) {
  const part = await get(`${known.id}/content`, { Range: `bytes=${offset}-${offset + CHUNK - 1}` });
  const data = new Uint8Array(await part.arrayBuffer());
  await file.write(data);
  digest.update(data);
  offset += data.length;
}
await file.close();
if (digest.digest('hex') !== known.sha256) throw new Error('the file is not what was recorded');
console.log(`${known.id}.wav: OK`);
