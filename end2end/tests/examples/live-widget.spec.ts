import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server as Site } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { expectAccessible } from '../../lib/axe.ts';
import { beginConformance, missingPoints, nextHour, startCentre, type Centre } from '../../lib/examples.ts';
import { freePort } from '../../lib/server.ts';
import { test } from '../../lib/test.ts';

const example = resolve(import.meta.dirname, '../../../examples/live-widget');

let centre: Centre;
/** Leads the world: its clock, its callers and its agents. */
let lead: string;
let key: string;
let billing: string;
let origin: string;
let site: ChildProcess;
let printed = '';

test.describe.configure({ mode: 'serial', timeout: 120_000 });
// The gateway is away for a while, and other origins are refused.
test.use({ expectedComplaints: [/Failed to load resource|blocked by CORS/] });

test.beforeAll(async () => {
  centre = await startCentre({ days: 0, sandbox: 'shared_clock = true' });
  lead = await centre.key(['live:read', 'queues:read', 'agents:read', 'users:impersonate'], { name: 'Lead' });
  // An hour and a half before Billing closes.
  await clock({ action: 'jump', to: nextHour(/(Mon|Tue|Wed|Thu|Fri) 18|Sat 11/) });
  await clock({ action: 'pause' });
  billing = (await get('/v1/queues')).items.find((queue: { name: string }) => queue.name === 'Billing').id;
  await agents('ready');

  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  key = await centre.key('live-widget', { name: 'Site', args: ['--allow-origin', origin] });
  // One minute is the shortest life of such a token.
  const env = { ...process.env, KEYDESK_KEY: key, KEYDESK_GATEWAY: centre.gateway, PORT: String(port), TOKEN_MINUTES: '1' };
  site = spawn(process.execPath, ['server.js'], { cwd: example, env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [site.stdout!, site.stderr!]) stream.on('data', (chunk) => (printed += String(chunk)));
  await expect.poll(() => printed).toContain(origin);
});

test.afterAll(async () => {
  site?.kill();
  await centre?.stop();
});

test('the page shows what holds, as it changes, and comes back after a restart of the gateway', async ({ page, context }) => {
  const seen = await watch(page);
  await page.clock.install();
  await page.goto(origin);
  const shown = page.getByRole('region', { name: 'Billing' }).getByRole('status');
  await expect(shown).toHaveText(/^Open: (no wait|about \d+ minutes?)\.$/);

  await test.step('callers queue up', async () => {
    for (let n = 0; n < 24; n += 1) await post('/v1/sandbox/calls', { queue_id: billing, patience_ms: 3_600_000 });
    await clock({ action: 'step', ms: 60_000 });
    const { expected_wait_ms, reason } = await get(`/v1/live/queues/${billing}`);
    expect(reason).toBeNull();
    const minutes = Math.ceil(expected_wait_ms / 60_000);
    expect(minutes).toBeGreaterThan(1);
    // Told at once.
    await expect(shown).toHaveText(`Open: about ${minutes} minutes.`, { timeout: 1_500 });
    await expectAccessible(page);
  });

  await test.step('the token is renewed before it ends', async () => {
    const tokens = seen.tokens.size;
    await page.clock.runFor(49_000);
    await expect.poll(() => seen.tokens.size).toBe(tokens + 2);
    expect(seen.refused).toEqual([]);
    await expect(shown).toHaveText(/^Open: about \d+ minutes\.$/);
  });

  await test.step('nobody works', async () => {
    await until('no_agents', 60_000, () => agents('offline'));
    await expect(shown).toHaveText('Nobody can take calls at the moment.', { timeout: 1_500 });
  });

  await test.step('the gateway goes away, and comes back', async () => {
    await centre.kill();
    await tick(page, shown, 'The waiting time is not known at the moment.');
    await centre.start();
    await tick(page, shown, 'Nobody can take calls at the moment.');
  });

  await test.step('the queue closes', async () => {
    await until('closed', 15 * 60_000);
    await expect(shown).toHaveText('We are closed at the moment.', { timeout: 1_500 });
    await expect(page.getByRole('main')).not.toContainText('0 min');
    await expectAccessible(page);
  });

  await test.step('neither key nor token is where others could read it', async () => {
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    const databases = await page.evaluate(async () => (await indexedDB.databases()).length + (await caches.keys()).length);
    expect(databases).toBe(0);
    const html = await page.content();
    const readable = [kept, html, printed, centre.server.output, ...seen.addresses, ...seen.said].join('\n');
    expect(seen.tokens.size).toBeGreaterThan(3);
    for (const secret of [key, ...seen.tokens]) {
      expect(readable.includes(secret), 'a secret was seen').toBe(false);
      // Nor the part of a token that signs it.
      expect(readable.includes(secret.slice(-40)), 'the end of a secret was seen').toBe(false);
    }
    expect(await context.cookies()).toEqual([]);
    expect(seen.bodies.some((body) => body.includes(key))).toBe(false);
  });
});

test('the widget is small', async () => {
  expect((await readFile(resolve(example, 'public/expected-wait.js'))).byteLength).toBeLessThan(3_000);
});

test('a token gets nothing else', async ({ page }) => {
  await page.goto(origin);
  const token = await page.evaluate(async () => {
    const body = JSON.stringify({ queue: 'Billing' });
    const answer = await fetch('/waiting/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return ((await answer.json()) as { token: string }).token;
  });
  const { items } = await get('/v1/queues');
  const other = items.find((queue: { id: string }) => queue.id !== billing).id;
  const call = async (path: string, from = origin, method = 'GET') => {
    const answer = await centre.ask(token, path, { method, headers: { origin: from } });
    if (answer.ok) return (await answer.body?.cancel(), answer.status);
    return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
  };
  expect(await call(`/v1/live/queues/${billing}`)).toBe(200);
  expect(await call(`/v1/stream/queues?queue_ids=${billing}`)).toBe(200);

  expect(await call(`/v1/live/queues/${other}`)).toBe('403 resource_not_allowed');
  expect(await call(`/v1/stream/queues?queue_ids=${other}`)).toBe('403 resource_not_allowed');
  expect(await call(`/v1/live/queues/${billing}`, 'http://elsewhere.example')).toBe('403 origin_not_allowed');
  for (const path of ['/v1/calls', '/v1/agents', '/v1/contacts', '/v1/stream/calls']) expect(await call(path), path).toBe('403 insufficient_scope');
  expect(await call('/v1/live/tokens', origin, 'POST')).toBe('403 token_not_allowed');

  await test.step('nor does a page of another site', async () => {
    const foreign = await elsewhere();
    await page.goto(foreign.address);
    const failed = await page.evaluate(
      async ({ stream, site, token }) => {
        const outcome = (answer: Promise<Response>) => answer.then((it) => it.status, () => 'refused by the browser');
        const read = await outcome(fetch(stream, { headers: { authorization: `Bearer ${token}` } }));
        return [read, await outcome(fetch(`${site}/waiting/token`, { method: 'POST', body: '{"queue": "Billing"}' }))];
      },
      { stream: `${centre.gateway}/v1/stream/queues`, site: origin, token },
    );
    expect(failed).toEqual(['refused by the browser', 'refused by the browser']);
    foreign.site.close();
    foreign.site.closeAllConnections();
  });

  await test.step('and the server of the site gives tokens to its own pages, for public queues', async () => {
    const ask = (headers: Record<string, string>, body: string) => fetch(`${origin}/waiting/token`, { method: 'POST', headers, body });
    expect((await ask({ origin: 'http://elsewhere.example' }, '{"queue": "Billing"}')).status).toBe(403);
    expect((await ask({}, '{"queue": "Billing"}')).status).toBe(403);
    expect((await ask({ origin }, '{"queue": "Retention"}')).status).toBe(404);
    expect((await ask({ origin }, 'Billing')).status).toBe(400);
  });
});

test('it has all points of conformance', async ({ page }) => {
  // The key is bound to the site's origin.
  await beginConformance(centre, key, ['stream'], { origin });
  await page.goto(origin);
  await expect.poll(() => missingPoints(centre, key, { origin }), { timeout: 60_000 }).toEqual([]);
  await expect(page.getByRole('region', { name: 'Billing' }).getByRole('status')).toHaveText('We are closed at the moment.');
});

async function get(path: string) {
  const answer = await centre.ask(lead, path);
  expect(answer.status, path).toBe(200);
  return answer.json();
}

async function post(path: string, body: object, method = 'POST') {
  const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await centre.ask(lead, path, init);
  expect(answer.ok, `${path} ${answer.status} ${await answer.text()}`).toBe(true);
}

const clock = (form: object) => post('/v1/sandbox/clock', form);

/** Steps on until there is no wait for Billing, for this reason. */
async function until(reason: string, ms: number, first = async () => {}) {
  for (let steps = 0; steps < 80; steps += 1) {
    if ((await get(`/v1/live/queues/${billing}`)).reason === reason) return;
    await first();
    await clock({ action: 'step', ms });
  }
  throw new Error(`Billing is not ${reason}`);
}

/** Has all agents of Billing who are there, or four of them, want to be so. */
async function agents(routing_state: 'ready' | 'offline') {
  const { items } = await get('/v1/agents?limit=500');
  const serve = items.filter((agent: any) => agent.skills.some((skill: any) => skill.queue_id === billing));
  const chosen = routing_state === 'ready' ? serve.slice(0, 4) : serve.filter((agent: any) => agent.state !== 'offline' && agent.pending_state === null);
  for (const { id } of chosen) await post(`/v1/agents/${id}/state`, { routing_state, on_behalf_of: id }, 'PUT');
}

/** Lets the page's clock run until it says so: it waits longer and longer between its tries. */
async function tick(page: Page, shown: ReturnType<Page['locator']>, text: string) {
  await expect
    .poll(async () => {
      await page.clock.runFor(5_000);
      return shown.textContent();
    }, { timeout: 20_000 })
    .toBe(text);
}

/** What a page asks for and says, and the tokens that it is given. */
async function watch(page: Page) {
  const seen = { addresses: [] as string[], said: [] as string[], bodies: [] as string[], refused: [] as string[], tokens: new Set<string>() };
  page.on('console', (message) => seen.said.push(message.text()));
  page.on('request', (request) => {
    seen.addresses.push(request.url(), request.headers().referer ?? '');
    seen.bodies.push(request.postData() ?? '', JSON.stringify(request.headers()));
    const token = /^Bearer (eyJ.*)$/.exec(request.headers().authorization ?? '')?.[1];
    if (token !== undefined) seen.tokens.add(token);
  });
  page.on('response', (answer) => answer.status() >= 400 && seen.refused.push(`${answer.status()} ${answer.url()}`));
  return seen;
}

/** An empty page of another site. */
async function elsewhere(): Promise<{ site: Site; address: string }> {
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<link rel="icon" href="data:,">'));
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const address = site.address();
  return { site, address: `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}` };
}
