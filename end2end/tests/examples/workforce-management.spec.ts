import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { beginConformance, missingPoints, startCentre, type Centre } from '../../lib/examples.ts';
import { inEnvironment, installPython, Program } from '../../lib/python.ts';
import { freePort } from '../../lib/server.ts';

const run = promisify(execFile);
const example = resolve(import.meta.dirname, '../../../examples/workforce-management');
const HOOKS = '[webhooks]\nallow_networks = ["127.0.0.0/8"]\nallow_http = true';

let centre: Centre;
let key: string;
let lead: string;
let agents: string[];
let folder: string;
let hook: string;
let follower: Program | undefined;

test.describe.configure({ mode: 'serial', timeout: 90_000 });

test.beforeAll(async () => {
  // Packages are installed at the first time only.
  test.setTimeout(300_000);
  await installPython();
  folder = await mkdtemp(join(tmpdir(), 'keydesk-wfm-'));
  hook = `http://127.0.0.1:${await freePort()}/states`;
  centre = await startCentre({ days: 0, sandbox: 'shared_clock = true', config: HOOKS });
  key = await centre.key('workforce-management', { name: 'Workforce management' });
  const acts = ['users:impersonate', 'agents:read', 'calls:read', 'wraps:read', 'wraps:write'];
  lead = await centre.key(acts, { name: 'Lead' });
  // At noon of a working day there is something to count.
  await post(lead, '/v1/sandbox/clock', { action: 'jump', to: noonOfWorkday() });
  const list = (await json(lead, '/v1/agents?limit=500')).items as { id: string; team: string; state: string }[];
  agents = list.filter(({ state }) => state === 'offline').map(({ id }) => id);
  expect(agents.length).toBeGreaterThan(3);
});

test.afterAll(async () => {
  await follower?.kill();
  await centre?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('states come by stream and by webhook, and count once', async () => {
  follower = start('--follow', '600', '--hook', hook);
  await expect.poll(() => follower!.output, { timeout: 20_000 }).toContain('webhook: ready');
  await expect.poll(() => follower!.output, { timeout: 20_000 }).toContain('stream: begun');
  await setState(agents[0]!, 'ready');
  await setState(agents[0]!, 'not_ready', 'break');
  await expect.poll(() => seen(agents[0]!), { timeout: 20_000 }).toEqual({ events: 2, stream: 2, webhook: 2, state: 'not_ready' });
  // What customers did is nobody else's.
  expect((await stat(join(folder, 'known.db'))).mode & 0o077).toBe(0);
});

test('what is not signed is not believed', async () => {
  const forged = { id: 'forged', type: 'agent.state_changed', subject: { kind: 'agent', id: agents[0] }, subject_seq: 999, data: { state: 'ready' } };
  const send = (headers: Record<string, string>) =>
    fetch(hook, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(forged) });
  expect((await send({})).status).toBe(401);
  const now = String(Math.floor(Date.now() / 1000));
  const signed = { 'webhook-id': 'forged', 'webhook-timestamp': now, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` };
  expect((await send(signed)).status).toBe(401);
  expect(await seen(agents[0]!)).toMatchObject({ events: 2, state: 'not_ready' });
});

test('a dropped stream, a restart of the gateway and one of the program lose nothing', async () => {
  await post(lead, '/v1/sandbox/faults', { drop_streams: true });
  await expect.poll(() => follower!.output, { timeout: 20_000 }).toContain('stream: resumed after');
  await setState(agents[0]!, 'ready');
  await expect.poll(async () => (await seen(agents[0]!)).stream, { timeout: 20_000 }).toBe(3);
  await follower!.kill();

  await setState(agents[0]!, 'not_ready', 'meal');
  await centre.restartGateway();
  await setState(agents[0]!, 'ready');
  follower = start('--follow', '600');
  await expect.poll(() => follower!.output, { timeout: 20_000 }).toContain('stream: resumed after');
  await expect.poll(() => seen(agents[0]!), { timeout: 20_000 }).toMatchObject({ events: 5, stream: 5, state: 'ready' });
  await follower!.kill();
});

test('every interval equals what metrics say, and pushes have no hole', async () => {
  const printed = await report();
  const [, rows, seq, equal] = /(\d+) intervals at seq (\d+): (\d+) equal to metrics, 0 not/.exec(printed)!;
  expect(Number(rows)).toBeGreaterThan(6 * 40);
  expect(equal).toBe(rows);
  expect(printed).toMatch(/[1-9]\d* agent events, [1-9]\d* of them by stream and webhook, 0 lost/);
  // There was something to be equal.
  const told = await json(key, `/v1/metrics/summary?as_of_seq=${seq}&timezone=Australia/Sydney&basis=offered`);
  expect(told.total.answered_count).toBeGreaterThan(100);
  const text = await readFile(join(folder, 'report.md'), 'utf8');
  expect(text).toContain(`s of ${told.total.average_speed_of_answer_count.toLocaleString('en')} |`);
  expect(text).toMatch(/\(10\d\d\) \| [1-9]\.\d \| \d+\.\d % \|/);
  expect((await readFile(join(folder, 'picture.png'))).subarray(1, 4).toString()).toBe('PNG');
});

test('a late wrap has only the interval read again that it revised', async () => {
  const from = new Date(Date.parse(noonOfWorkday()) - 2 * 3_600_000).toISOString();
  const calls = (await json(lead, `/v1/calls?from=${from}&state=closed&limit=500`)).items as { id: string; outcome: string; queue: unknown; wrap: unknown }[];
  const call = calls.find(({ outcome, queue, wrap }) => outcome === 'completed' && queue !== null && wrap !== null)!;
  const wrapped = await centre.ask(lead, `/v1/calls/${call.id}/wrap`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: 'resolved', comments: 'Late.' }),
  });
  expect(wrapped.status).toBe(200);
  const printed = await report();
  expect(printed).toMatch(/intervals: 1 revised/);
  expect(printed).toMatch(/equal to metrics, 0 not/);
});

test('a figure that differs is told, and so is an event that is missing', async () => {
  await sql("UPDATE calls SET body = json_set(body, '$.durations.wrap_ms', 1 + json_extract(body, '$.durations.wrap_ms')) WHERE id IN " +
    "(SELECT id FROM calls WHERE json_extract(body, '$.durations.wrap_ms') IS NOT NULL AND json_extract(body, '$.queue') IS NOT NULL ORDER BY id DESC LIMIT 1)");
  await sql(`DELETE FROM events WHERE agent = '${agents[0]}' AND subject_seq = (SELECT max(subject_seq) - 1 FROM events WHERE agent = '${agents[0]}')`);
  const printed = await report(1);
  expect(printed).toMatch(/intervals: 0 revised/);
  expect(printed).toMatch(/equal to metrics, 1 not/);
  expect(printed).toMatch(/, 1 lost/);
});

test('its key writes nothing, and sees neither wraps, recordings nor callers', async () => {
  const call = (await json(key, '/v1/calls?limit=500')).items.find((one: { direction: string }) => one.direction === 'inbound');
  expect(call.from.raw).toContain('*');
  expect(call).not.toHaveProperty('wrap');
  const refused: [string, string][] = [
    ['PUT', `/v1/agents/${agents[0]}/state`],
    ['PUT', `/v1/calls/${call.id}/wrap`],
    ['POST', '/v1/calls'],
    ['POST', `/v1/calls/${call.id}/hangup`],
    ['POST', '/v1/sessions/proxy'],
    ['POST', '/v1/contacts'],
    ['POST', '/v1/leads/batch'],
    ['POST', '/v1/data/wraps'],
    ['GET', '/v1/wraps'],
    ['GET', '/v1/recordings'],
    ['GET', '/v1/contacts'],
    ['GET', '/v1/data/calls'],
  ];
  for (const [method, path] of refused) {
    const body = method === 'GET' ? {} : { headers: { 'content-type': 'application/json' }, body: '{}' };
    const answer = await centre.ask(key, path, { method, ...body });
    expect([method, path, answer.status, (await answer.json()).code]).toEqual([method, path, 403, 'insufficient_scope']);
  }
});

test('it has all points of conformance', async () => {
  const judged = await centre.key('workforce-management', { name: 'Judged' });
  const out = join(folder, 'judged');
  const run = (...args: string[]) => new Program(join(example, 'main.py'), ['--out', out, ...args], { KEYDESK_KEY: judged, KEYDESK_GATEWAY: centre.gateway });
  await beginConformance(centre, judged, ['stream', 'webhook', 'changes', 'metrics']);
  // As every night: a day, what changed (which is lost), the day anew, and what was revised.
  for (const code of [0, 1, 0, 0]) {
    const night = run('--follow', '0');
    expect(await night.end(), night.output).toBe(code);
  }
  follower = run('--follow', '600', '--hook', hook);
  await expect.poll(() => missingPoints(centre, judged), { timeout: 60_000 }).toEqual([]);
  await follower.kill();
});

function start(...args: string[]): Program {
  return new Program(join(example, 'main.py'), ['--out', folder, ...args], { KEYDESK_KEY: key, KEYDESK_GATEWAY: centre.gateway });
}

/** Runs it to its end, and returns what it printed. */
async function report(code = 0): Promise<string> {
  const program = start('--follow', '0');
  expect(await program.end(), program.output).toBe(code);
  return program.output;
}

function noonOfWorkday(): string {
  const at = new Date();
  // 02:00 UTC is noon in Sydney, an hour more or less.
  at.setUTCHours(26, 0, 0, 0);
  while ([0, 6].includes(at.getUTCDay())) at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString();
}

async function json(bearer: string, path: string) {
  const answer = await centre.ask(bearer, path);
  expect(answer.status, path).toBe(200);
  return answer.json();
}

async function post(bearer: string, path: string, body: unknown): Promise<void> {
  const answer = await centre.ask(bearer, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect(answer.ok, `${path}: ${await answer.text()}`).toBe(true);
}

async function setState(agent: string, state: string, reason?: string): Promise<void> {
  const answer = await centre.ask(lead, `/v1/agents/${agent}/state`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ routing_state: state, reason, on_behalf_of: agent }),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

/** Asks what the program knows, or changes it. */
async function sql(query: string): Promise<unknown[][]> {
  const script = 'import json, sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\nwith db: print(json.dumps(db.execute(sys.argv[2]).fetchall()))';
  const { stdout } = await run(inEnvironment('python'), ['-c', script, join(folder, 'known.db'), query]);
  return JSON.parse(stdout);
}

async function seen(agent: string) {
  const [[events, stream, webhook, state]] = (await sql(
    `SELECT count(*), coalesce(sum(stream), 0), coalesce(sum(webhook), 0), (SELECT state FROM spans WHERE agent = '${agent}' ORDER BY began DESC LIMIT 1)
     FROM events WHERE agent = '${agent}'`,
  )) as [[number, number, number, string]];
  return { events, stream, webhook, state };
}
