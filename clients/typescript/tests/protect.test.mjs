// What a service with the middleware answers, after `npm run build`. With the product behind it: end2end/tests/examples/protected-services.spec.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { protect } from '../dist/express.js';
import { MISSING, UNCLEAR, presented, refusal } from '../dist/protect.js';

const cases = JSON.parse(await readFile(new URL('../../refusals.json', import.meta.url), 'utf8'));
const ID = '0199c7a0-0000-7000-8000-000000000001';
const GOOD = { valid: true, code: 'VALID', request_id: ID, key_id: ID, client_name: 'Acme', environment: 'live', scopes: ['a:b'] };
const told = (body, init) => () => new Response(typeof body === 'string' ? body : JSON.stringify(body), init);

/** Calls a service whose Keydesk answers as it is told. */
async function call(answer, headers) {
  const asked = [];
  const fetch = async (request) => {
    asked.push(await request.clone().json());
    return answer();
  };
  const keydesk = { address: 'http://127.0.0.1:1', key: 'k0', retries: { attempts: 1 }, fetch };
  const letsIn = protect(keydesk, { scopes: ['a:b'], environment: 'live' });
  const server = createServer((request, response) =>
    letsIn(request, response, () => response.end(JSON.stringify([request.caller.clientName, request.headers.authorization ?? null]))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const got = await globalThis.fetch(`http://127.0.0.1:${server.address().port}/`, { headers });
    return { status: got.status, headers: got.headers, body: await got.json(), asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('each verdict is told as Keydesk tells it', () => {
  for (const { verdict, status, code, challenge, retry_after } of cases) {
    const { title: _, ...found } = refusal(verdict);
    const expected = { status, code };
    if (challenge !== null) expected.challenge = `Bearer realm="keydesk", ${challenge}`;
    if (retry_after !== null) expected.retryAfter = retry_after;
    assert.deepEqual(found, expected, JSON.stringify(verdict));
  }
});

test('one key is taken from either header', () => {
  for (const [authorization, apiKey, expected] of [
    [['Bearer k'], [], 'k'],
    [['bearer  k '], [], 'k'],
    [[], ['k'], 'k'],
    [['Bearer k'], ['k'], 'k'],
    [['Bearer a'], ['b'], UNCLEAR],
    [['Bearer a', 'Bearer b'], [], UNCLEAR],
    [['Basic eDp5'], [' '], MISSING],
    [[], [], MISSING],
  ]) {
    assert.equal(presented(authorization, apiKey), expected, JSON.stringify([authorization, apiKey]));
  }
});

test('whoever is let in is named, and the service does not see the key', async () => {
  const { status, body, asked } = await call(told(GOOD), { authorization: 'Bearer k', origin: 'https://a.example' });
  assert.deepEqual([status, body], [200, ['Acme', null]]);
  assert.deepEqual(asked, [{ key: 'k', ip: '127.0.0.1', origin: 'https://a.example', scopes: ['a:b'], environment: 'live' }]);
});

test('a refusal is a problem document', async () => {
  const verdict = { valid: false, code: 'RATE_LIMITED', request_id: ID, retry_after_seconds: 7 };
  const { status, headers, body } = await call(told(verdict), { 'x-api-key': 'k' });
  assert.deepEqual([status, headers.get('retry-after'), headers.get('content-type')], [429, '7', 'application/problem+json']);
  assert.deepEqual([body.code, body.status, body.request_id], ['rate_limited', 429, ID]);
});

test('without a key Keydesk is not asked', async () => {
  const { status, headers, body, asked } = await call(told(GOOD), {});
  assert.deepEqual([status, body.code, headers.get('www-authenticate'), asked], [401, 'missing_key', 'Bearer realm="keydesk"', []]);
});

test('whoever can not be checked is not let in', async () => {
  const lost = () => {
    throw new TypeError('lost');
  };
  const nonsense = ['<html>', {}, [], 'null', '"VALID"', { valid: true }, { valid: false }, { ...GOOD, valid: 'yes' }, { valid: true, code: 'VALID' }].map((body) => told(body));
  for (const answer of [lost, told(GOOD, { status: 500 }), told({}, { status: 403 }), ...nonsense]) {
    const { status, headers, body } = await call(answer, { authorization: 'Bearer secret' });
    assert.deepEqual([status, headers.get('retry-after'), body.code], [503, '1', 'unavailable'], String(answer));
  }
  for (const verdict of [{ ...GOOD, valid: false }, { ...GOOD, code: 'OF_A_LATER_RELEASE' }]) {
    assert.equal((await call(told(verdict), { authorization: 'Bearer k' })).status, 401);
  }
});
