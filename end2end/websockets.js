// WebSockets by npm's `ws`, which is both the API and its client here; between them is whatever the test puts there.
//
// Prints the API's port, reads `{"url", "key"}` from standard input, plays each case on a connection of its own, and prints what
// the API and the client have each noticed: `{"case": {"api": [...], "client": [...]}}`. The test judges it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline/promises';
import WebSocket, { WebSocketServer } from 'ws';

const KIB = 1024;
const MIB = 1024 * KIB;
const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** Whatever was noticed, by case and side. */
const noticed = {};

const brief = (bytes) => {
  const length = bytes.length;
  return length <= 40 ? JSON.stringify(bytes.toString()) : `${length} ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
};

const listen = (socket, notes) => {
  socket.on('message', (data, isBinary) => notes.push(`${isBinary ? 'binary' : 'text'} ${brief(data)}`));
  socket.on('ping', (data) => notes.push(`ping ${brief(data)}`));
  socket.on('pong', (data) => notes.push(`pong ${brief(data)}`));
  socket.on('error', (error) => notes.push(`error ${error.code ?? error.message}`));
  socket.on('close', (code, reason) => notes.push(`close ${code} ${brief(reason)}`));
};

// The API: it answers every message with the same, in the same form, and does more where the path says so.

/** What the API does once somebody is there, by the end of the path. */
const does = {
  echo: () => {},
  deflate: () => {},
  'say-goodbye': (socket, query) => socket.close(query.has('code') ? Number(query.get('code')) : undefined, query.get('reason') ?? undefined),
  'say-fragments': (socket) => {
    socket.send('hel', { fin: false });
    socket.ping('between');
    socket.send('', { fin: false });
    socket.pong('too');
    socket.send('lo');
  },
  'say-much': (socket) => {
    for (let number = 0; number < 200; number++) socket.send(`${number}`);
    socket.send(Buffer.alloc(MIB, 'much'));
  },
  'break-off': (socket) => socket.terminate(),
  'send-mask': (socket) => socket._socket.write(Buffer.from([0x81, 0x81, ...MASK, 0x56])),
  'send-no-text': (socket) => socket._socket.write(Buffer.from([0x81, 0x02, 0xc0, 0xaf])),
  'send-reserved': (socket) => socket._socket.write(Buffer.from([0xc1, 0x01, 0x61])),
};

const plain = new WebSocketServer({
  noServer: true,
  maxPayload: 8 * MIB,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has('second.v2') ? 'second.v2' : false),
});
const deflating = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } });
const api = createServer((_, response) => response.writeHead(404).end());
api.on('upgrade', (request, stream, head) => {
  const { pathname, searchParams: query } = new URL(request.url, 'http://api.example');
  const name = pathname.split('/').at(-1);
  if (name === 'refuse') {
    const status = query.get('status');
    stream.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno`);
    return;
  }
  const { api: notes } = noticed[query.get('case')];
  if ('authorization' in request.headers) notes.push('the key');
  if ('sec-websocket-protocol' in request.headers) notes.push(`offered ${request.headers['sec-websocket-protocol']}`);
  (name === 'deflate' ? deflating : plain).handleUpgrade(request, stream, head, (socket) => {
    listen(socket, notes);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    does[name](socket, query);
  });
});

// The client.

/** Resolves when so many messages or pongs have come. */
const heard = (socket, event, count) => new Promise((resolve) => {
  let left = count;
  socket.on(event, () => { if (--left === 0) resolve(); });
});

/** Sends something, and says goodbye when it was answered. */
const answered = (send, event = 'message', count = 1) => async (socket) => {
  const all = heard(socket, event, count);
  send(socket);
  await all;
  socket.close(1000, 'done');
};

const echoed = (data, options) => ({ play: answered((socket) => socket.send(data, options)) });
const deflated = (data, options) => ({ ...echoed(data, options), path: 'deflate', perMessageDeflate: { threshold: 0 } });
const closed = (...goodbye) => ({ play: (socket) => socket.close(...goodbye) });
const raw = (bytes) => ({ play: (socket) => socket._socket.write(Buffer.from(bytes)) });
const doing = (path) => ({ path, play: () => {} });
const pieces = (kind, ...all) => ({
  play: answered((socket) => all.forEach((piece, at) => socket.send(piece, { fin: at === all.length - 1, binary: kind === 'binary' }))),
});

const cases = {
  'a text': echoed('hello'),
  'several scripts': echoed('é€𝄞'),
  'an empty text': echoed(''),
  'bytes': echoed(Buffer.from([0, 1, 2])),
  'a text of 64 KiB': echoed('a'.repeat(64 * KIB)),
  '64 KiB': echoed(Buffer.alloc(64 * KIB, 'bytes')),
  'a text of 1 MiB': echoed('ab'.repeat(MIB / 2)),
  '5 MiB': echoed(Buffer.alloc(5 * MIB, 'bytes')),
  'two hundred messages': {
    play: answered((socket) => { for (let number = 0; number < 200; number++) socket.send(`${number}`); }, 'message', 200),
  },
  'fragments': pieces('text', 'hel', '', 'lo'),
  'fragments of 64 KiB': pieces('binary', ...Array.from({ length: 16 }, (_, at) => Buffer.alloc(64 * KIB, at))),
  'a ping and a pong between fragments': {
    play: answered((socket) => {
      socket.send('hel', { fin: false });
      socket.ping('between');
      socket.pong('too');
      socket.send('lo');
    }),
  },
  'a ping': { play: answered((socket) => socket.ping('there?'), 'pong') },
  'an empty ping': { play: answered((socket) => socket.ping(), 'pong') },
  'the longest ping': { play: answered((socket) => socket.ping('p'.repeat(125)), 'pong') },
  'a pong, and a text': { play: answered((socket) => { socket.pong('here'); socket.send('hello'); }) },
  'goodbye without a code': closed(),
  ...Object.fromEntries([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
    .map((code) => [`goodbye with ${code}`, closed(code)])),
  'goodbye with the longest reason': closed(4000, 'r'.repeat(123)),
  'the client breaks off': { play: (socket) => socket.terminate() },
  'the API breaks off': doing('break-off'),
  'the API says goodbye': doing('say-goodbye?'),
  'the API restarts': doing('say-goodbye?code=1012'),
  'the API has an own code': doing('say-goodbye?code=4429&reason=too+many'),
  'the API sends fragments': { path: 'say-fragments', play: answered(() => {}) },
  'the API sends much': { path: 'say-much', play: answered(() => {}, 'message', 201) },
  'a subprotocol': { ...echoed('hello'), protocols: ['first.v1', 'second.v2', 'bearer.secret'] },
  'a subprotocol that the API does not speak': { ...echoed('hello'), protocols: ['first.v1'] },
  'compression that the API does not take': { ...echoed('hello'), perMessageDeflate: true },
  'a compressed text': deflated('hello'),
  'an empty compressed text': deflated(''),
  'a compressed text of 1 MiB': deflated('ab'.repeat(MIB / 2)),
  '1 MiB that does not become shorter': deflated(Buffer.from(Array.from({ length: MIB / 32 }, (_, at) =>
    [...createHash('sha256').update(`${at}`).digest()]).flat())),
  'compressed fragments': { ...deflated(), play: pieces('text', 'hel', '', 'lo').play },
  'a message that is not compressed': deflated('hello', { compress: false }),
  'no mask': raw([0x81, 0x01, 0x61]),
  'a reserved bit': raw([0xc1, 0x81, ...MASK, 0x56]),
  'a kind that is not given out': raw([0x83, 0x80, ...MASK]),
  'a text that is none': raw([0x81, 0x82, ...MASK, 0xc0 ^ MASK[0], 0xaf ^ MASK[1]]),
  'the last fragment of nothing': raw([0x80, 0x80, ...MASK]),
  'a ping in fragments': raw([0x09, 0x80, ...MASK]),
  'a ping of 126 bytes': raw([0x89, 0xfe, 0, 126, ...MASK, ...Array(126).fill(0)]),
  'half a code': raw([0x88, 0x81, ...MASK, 0]),
  'a code that is not given out': raw([0x88, 0x82, ...MASK, 0x03 ^ MASK[0], 0xee ^ MASK[1]]),
  'more than the API takes': raw([0x82, 0xff, 0, 0, 0, 0, 0, 0x80, 0, 1, ...MASK]),
  'the API sends a mask': doing('send-mask'),
  'the API sends a text that is none': doing('send-no-text'),
  'the API sends a reserved bit': doing('send-reserved'),
  'the API refuses with 426': { path: 'refuse?status=426', refused: true },
  'the API refuses with 403': { path: 'refuse?status=403', refused: true },
  'the API refuses with 200': { path: 'refuse?status=200', refused: true },
  'the gateway refuses': { path: 'echo', refused: true, key: 'nonsense' },
};

async function play(name, { path = 'echo', protocols = [], perMessageDeflate = false, key, refused, play: act }, { url, key: own }) {
  const notes = noticed[name] = { api: [], client: [] };
  const address = `${url}/${path}${path.includes('?') ? '&' : '?'}case=${encodeURIComponent(name)}`;
  const headers = { Authorization: `Bearer ${key ?? own}` };
  const socket = new WebSocket(address, protocols, { perMessageDeflate, headers });
  if (refused) {
    const [, response] = await once(socket, 'unexpected-response');
    const bytes = Buffer.concat(await response.toArray());
    const error = response.headers['x-keydesk-error'];
    notes.client.push(`refused ${response.statusCode} ${error ?? bytes}`);
    return;
  }
  socket.on('open', () => notes.client.push(`open ${socket.protocol || '-'} ${socket.extensions || '-'}`));
  listen(socket, notes.client);
  const closing = new Promise((resolve) => socket.on('close', resolve));
  socket.on('open', () => act(socket));
  await closing;
  // The API notices it a little later.
  while (!notes.api.some((note) => note.startsWith('close'))) await new Promise((resolve) => setTimeout(resolve, 2));
}

await once(api.listen(0, '127.0.0.1'), 'listening');
console.log(JSON.stringify({ port: api.address().port }));
const lines = createInterface({ input: process.stdin });
const [line] = await once(lines, 'line');
const asked = JSON.parse(line);
for (const [name, one] of Object.entries(cases)) await play(name, one, asked);
console.log(JSON.stringify(noticed));
process.exit(0);
