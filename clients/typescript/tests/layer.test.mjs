// The rules of the hand-written layer, after `npm run build`. What needs the product is in end2end/tests/examples/clients.spec.ts.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Fetching } from '../dist/fetching.js';
import { RETRIES, backoff, waitBefore } from '../dist/retry.js';
import { follow } from '../dist/stream.js';
import { parse } from '../dist/sse.js';

const cases = JSON.parse(await readFile(new URL('../../retries.json', import.meta.url), 'utf8'));
const quick = { baseMs: 1 };

test('a call is sent again where the table says so', () => {
  for (const { attempt, status, retry_after, repeatable, wait } of cases) {
    const outcome = status === null ? 'unanswered' : { status, retryAfterMs: retry_after === null ? undefined : retry_after * 1000 };
    const [least, most] = [0, 1].map((random) => waitBefore(attempt, outcome, repeatable, RETRIES, random));
    const which = JSON.stringify({ attempt, status, retry_after, repeatable });
    if (wait === null) assert.deepEqual([least, most], [undefined, undefined], which);
    else if (wait === 'backoff') assert.ok(least > 0 && least < most && most <= RETRIES.longestBackoffMs, which);
    else assert.ok(least === wait * 1000 && most > least && most <= least + 500, which);
  }
  assert.equal(backoff(10_000, RETRIES, 1), RETRIES.longestBackoffMs);
});

test('a lost answer to a call with a name is asked for again under the same name', async () => {
  const names = [];
  const fetching = new Fetching({
    address: 'http://127.0.0.1:1',
    key: 'k',
    retries: quick,
    fetch: async (request) => {
      names.push(request.headers.get('idempotency-key'));
      assert.equal(await request.text(), '{"to":"1"}');
      if (names.length === 1) throw new TypeError('lost');
      return new Response('{}', { status: 202 });
    },
  });
  const answer = await fetching.send(new Request('http://127.0.0.1:1/v1/calls', { method: 'POST', body: '{"to":"1"}' }));
  assert.equal(answer.status, 202);
  assert.equal(names.length, 2);
  assert.equal(names[0], names[1]);
});

test('a lost answer to a call without a name is told', async () => {
  let tries = 0;
  const lose = async () => {
    tries += 1;
    throw new TypeError('lost');
  };
  const fetching = new Fetching({ address: 'http://127.0.0.1:1', key: 'k', retries: quick, fetch: lose });
  await assert.rejects(fetching.send(new Request('http://127.0.0.1:1/api/v1/keys/verify', { method: 'POST', body: '{}' })), /lost/);
  assert.equal(tries, 1);
});

test('events are the same in whatever pieces they come', async () => {
  const bytes = new TextEncoder().encode(':hb\n\nid: k3-7\r\nevent: call.ended\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: no\n\ndata:é\u2028\n\n');
  for (let size = 1; size <= bytes.length; size += 1) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));
    const frames = [];
    for await (const frame of parse(ReadableStream.from(pieces))) if (frame.data !== '') frames.push(frame);
    assert.deepEqual(frames, [
      { id: 'k3-7', type: 'call.ended', data: '{"a":\n1}' },
      { id: undefined, type: '', data: 'é\u2028' },
    ]);
  }
});

test('a stream goes on after the last event, begins anew after a reset, and ends where it is refused', async () => {
  const event = (id) => `id: k1-${id}\nevent: call.ended\ndata: ${JSON.stringify({ type: 'call.ended', seq: id })}\n\n`;
  const answers = [
    () => new Response(event(1) + event(2)),
    () => new Response('bad gateway', { status: 502 }),
    () => new Response('event: stream.reset\ndata: {"reason":"slow_consumer"}\n\n'),
    () => new Response('event: stream.reset\ndata: {"reason":"too_old"}\n\n'),
    () => new Response('{"code":"invalid_token"}', { status: 401 }),
  ];
  const asked = [];
  const fetch = async (request) => {
    asked.push(request.headers.get('last-event-id'));
    return answers.shift()();
  };
  const fetching = new Fetching({ address: 'http://127.0.0.1:1', key: 'k', retries: quick, fetch });
  const told = [];
  await assert.rejects(
    async () => {
      for await (const item of follow(fetching, 'calls')) told.push(item.kind === 'event' ? item.lastEventId : item.kind);
    },
    { name: 'Refused', code: 'invalid_token' },
  );
  assert.deepEqual(told, ['k1-1', 'k1-2', 'reset']);
  assert.deepEqual(asked, [null, 'k1-2', 'k1-2', 'k1-2', null]);
});
