import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const midnight = Math.floor(Date.now() / 86_400_000) * 86_400_000;
const [from, to] = [midnight - 86_400_000, midnight].map((at) => new Date(at).toISOString());
const query = new URLSearchParams({ format: 'parquet', from, to });
const answer = await fetch(`${gateway}/v1/data/calls?${query}`, { headers });
if (!answer.ok) throw new Error(await answer.text());
await pipeline(answer.body, createWriteStream('calls.parquet'));
// A Parquet file ends with these four bytes: without them the transfer was cut.
const file = await open('calls.parquet');
const { size } = await file.stat();
const { buffer } = await file.read(Buffer.alloc(4), 0, 4, size - 4);
await file.close();
console.log(buffer.toString() === 'PAR1' ? 'complete' : 'cut');
