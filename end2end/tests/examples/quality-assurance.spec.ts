import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, request as send, type IncomingHttpHeaders, type Server as Proxy } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { beginConformance, missingPoints, nextHour, startCentre, type Centre } from '../../lib/examples.ts';

const run = promisify(execFile);
const example = resolve(import.meta.dirname, '../../../examples/quality-assurance');

let centre: Centre;
let key: string;
let lead: string;
let network: Network;
let folder: string;
let classes: string;
/** The recording that was paused. */
let paused: string;

test.describe.configure({ mode: 'serial', timeout: 120_000 });

test.beforeAll(async () => {
  classes = await mkdtemp(join(tmpdir(), 'keydesk-qa-classes-'));
  folder = await mkdtemp(join(tmpdir(), 'keydesk-qa-'));
  const compiled = run('javac', ['-cp', '/usr/share/java/gson.jar', '-d', classes, 'QualityAssurance.java'], { cwd: example });
  centre = await startCentre({ days: 0, sandbox: 'shared_clock = true' });
  lead = await centre.key(['calls:read', 'calls:make', 'recordings:read'], { name: 'Lead' });
  key = await centre.key('quality-assurance', { name: 'Quality assurance' });
  // Some hours of calls lie behind it then, also on a Sunday.
  await clock({ action: 'jump', to: nextHour(/ 14/, 5) });
  await clock({ action: 'pause' });
  network = await startNetwork(centre.gateway);
  await compiled;
});

test.afterAll(async () => {
  network?.proxy.close();
  network?.proxy.closeAllConnections();
  await centre?.stop();
  for (const made of [classes, folder]) if (made) await rm(made, { recursive: true, force: true });
});

test('recordings are drawn fairly, fetched through cuts, verified and scored', async () => {
  network.cuts = 2;
  await program({ QA_SAMPLE: '3' });
  const rows = await scores();
  expect(rows.length).toBe(3);
  expect(new Set(rows.map((row) => row.agentId)).size).toBe(3);
  // It went on where it was cut, and what it then had is the whole file.
  const parts = network.asked.filter(({ path }) => path.endsWith('/content'));
  const resumed = parts.filter(({ headers }) => headers.range !== 'bytes=0-');
  expect(resumed.length).toBe(2);
  expect(new Set(resumed.map(({ headers }) => headers.range)).size).toBe(2);
  for (const row of rows) {
    const told = await json(key, `/v1/recordings/${row.recording}`);
    const digest = createHash('sha256').update(await readFile(join(folder, `${row.recording}.wav`))).digest('hex');
    expect(digest).toBe(told.sha256);
    expect(row).toMatchObject({ sha256: told.sha256, agent: told.agent.display_name, call: told.call_id, durationMs: told.duration_ms });
    expect(row.score).toBeGreaterThan(0);
    // Of a made-up voice's turns three of eight are the agent's, with gaps between words.
    expect(row.agentRatio).toBeGreaterThan(0.1);
    expect(row.agentRatio + row.customerRatio - row.bothRatio + row.silenceRatio).toBeCloseTo(1, 2);
  }
  expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain(rows[0].agent.replace('&', '&amp;'));
});

test('only what is new is looked at, and agents with fewer scores come first', async () => {
  const before = await scores();
  const none = await program({});
  expect(none).toContain('0 new recordings');
  expect(await scores()).toEqual(before);

  await clock({ action: 'step', ms: 30 * 60_000 });
  network.asked.length = 0;
  const printed = await program({ QA_SAMPLE: '1' });
  expect(printed).toMatch(/^[1-9]\d* new recordings, 1 of them/);
  expect(network.asked[0]!.path).toContain('changed_since=');
  const added = (await scores()).slice(before.length);
  expect(new Set(added.map((row) => row.recording)).size).toBe(added.length);
  expect(before.map((row) => row.recording)).not.toContain(added[0].recording);
});

test('a paused span is silent, and one that is not is told', async () => {
  paused = await pauseOne();
  await program({}, paused);
  const row = (await scores()).find((one) => one.recording === paused);
  expect(row).toMatchObject({ pausesSilent: true, pausedMs: 20_000 });

  // The network says that the first ten seconds were paused, where somebody speaks.
  const recording = await shortest();
  const elsewhere = await mkdtemp(join(tmpdir(), 'keydesk-qa-'));
  try {
    network.pauses = [{ from_ms: 0, to_ms: 10_000, reason: 'payment' }];
    const failed = await program({ QA_FOLDER: elsewhere }, recording).then(() => undefined, (error) => error);
    expect(String(failed?.stderr)).toContain('a paused span is not silent');
    expect(await readFile(join(elsewhere, 'report.html'), 'utf8')).toContain('<td>NO');
  } finally {
    network.pauses = undefined;
    await rm(elsewhere, { recursive: true });
  }
});

test('a file that is not the recording is refused', async () => {
  const recording = await shortest();
  const elsewhere = await mkdtemp(join(tmpdir(), 'keydesk-qa-'));
  try {
    network.forged = true;
    const failed = await program({ QA_FOLDER: elsewhere }, recording).then(() => undefined, (error) => error);
    expect(String(failed?.stderr)).toContain('its SHA-256 differs');
    expect((await readdir(elsewhere)).filter((name) => name !== 'report.html')).toEqual([]);
  } finally {
    network.forged = false;
    await rm(elsewhere, { recursive: true });
  }
});

test('the key does nothing else', async () => {
  const { items } = await json(lead, '/v1/calls?limit=1');
  const call = items[0].id;
  const refused = async (method: string, path: string, body?: object) => {
    const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await centre.ask(key, path, { method, ...init });
    expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([path, 403, 'insufficient_scope']);
  };
  await refused('GET', '/v1/wraps');
  await refused('GET', `/v1/calls/${call}/wrap`);
  await refused('GET', '/v1/contacts');
  await refused('GET', '/v1/contacts/lookup?phone=0491570006');
  await refused('GET', '/v1/data/calls');
  await refused('PUT', `/v1/calls/${call}/wrap`, { code: 'resolved' });
  await refused('POST', '/v1/calls', { to: '+61491570006', agent_extension: '1001' });
  await refused('POST', `/v1/calls/${call}/recording/pause`, { reason: 'payment' });
  await refused('POST', '/v1/contacts', { display_name: 'Nobody' });
  // Callers are masked, and calls have no wrap.
  const seen = await json(key, `/v1/calls/${call}`);
  expect(seen).not.toHaveProperty('wrap');
  expect(network.asked.filter(({ path }) => path.includes(key))).toEqual([]);
});

test('it has all points of conformance', async () => {
  const judged = await centre.key('quality-assurance', { name: 'Judged' });
  await beginConformance(centre, judged, ['changes', 'recordings']);
  // What is new, twice what changed: the second time that is lost, so it is read anew.
  for (const sample of ['1', '0', '0']) await program({ KEYDESK_KEY: judged, QA_FOLDER: join(folder, 'judged'), QA_SAMPLE: sample });
  expect(await missingPoints(centre, judged)).toEqual([]);
});

/** Pauses the recording of a call that goes on, for 20 seconds, and waits until it can be had. */
async function pauseOne(): Promise<string> {
  const { items } = await json(lead, '/v1/live-calls');
  for (const call of items.filter((one: any) => one.state === 'connected' && one.recording_ids.length > 0)) {
    const tell = (verb: string, body: object) =>
      centre.ask(lead, `/v1/calls/${call.id}/recording/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!(await tell('pause', { reason: 'payment' })).ok) continue;
    await clock({ action: 'step', ms: 20_000 });
    // It may have ended meanwhile.
    if (!(await tell('resume', {})).ok) continue;
    const id = call.recording_ids[0];
    for (let minutes = 0; minutes < 60; minutes += 1) {
      if ((await json(lead, `/v1/recordings/${id}`)).status === 'available') return id;
      await clock({ action: 'step', ms: 60_000 });
    }
  }
  throw new Error('no call goes on that is recorded');
}

async function json(as: string, path: string) {
  const answer = await centre.ask(as, path);
  expect(answer.status, path).toBe(200);
  return answer.json();
}

async function clock(form: object) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(form) };
  expect((await centre.ask(lead, '/v1/sandbox/clock', init)).status).toBe(200);
}

/** Runs the example, behind the network, and returns what it prints. */
async function program(env: Record<string, string>, ...ids: string[]): Promise<string> {
  const own = { ...process.env, KEYDESK_KEY: key, KEYDESK_GATEWAY: network.address, QA_FOLDER: folder, QA_LONGEST_SECONDS: '150', ...env };
  const { stdout } = await run('java', ['-cp', `/usr/share/java/gson.jar:${classes}`, 'QualityAssurance', ...ids], { cwd: example, env: own });
  return stdout;
}

/** The scored recording that is the quickest to fetch again. */
async function shortest(): Promise<string> {
  return (await scores()).sort((one, other) => one.durationMs - other.durationMs)[0].recording;
}

/** The lines of the file of scores. */
async function scores(): Promise<any[]> {
  return (await readFile(join(folder, 'scores.ndjson'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line));
}

interface Network {
  proxy: Proxy;
  address: string;
  asked: { path: string; headers: IncomingHttpHeaders }[];
  /** Downloads that are still to be cut in their midst. */
  cuts: number;
  /** What it says of each recording instead. */
  pauses: object[] | undefined;
  /** Whether it changes a byte of each file. */
  forged: boolean;
}

/** A bad network before the gateway. */
async function startNetwork(gateway: string): Promise<Network> {
  const network = { asked: [], cuts: 0, pauses: undefined, forged: false } as unknown as Network;
  network.proxy = createServer((asked, response) => {
    const path = asked.url!;
    network.asked.push({ path, headers: asked.headers });
    const { host: _, ...headers } = asked.headers;
    const onward = send(`${gateway}${path}`, { method: asked.method, headers });
    onward.on('response', async (answer) => {
      if (network.pauses && /^\/v1\/recordings\/[^/]+$/.test(path)) {
        let text = '';
        for await (const chunk of answer) text += chunk;
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...JSON.parse(text), pauses: network.pauses }));
        return;
      }
      response.writeHead(answer.statusCode!, answer.headers);
      const file = path.endsWith('/content') && answer.statusCode === 206;
      const cut = file && network.cuts > 0 && network.cuts--;
      let sent = 0;
      for await (const chunk of answer) {
        if (file && network.forged && sent === 0) chunk[chunk.length - 1] ^= 1;
        sent += chunk.length;
        response.write(chunk);
        if (cut && sent > 300_000) return response.destroy();
      }
      response.end();
    });
    onward.on('error', () => response.destroy());
    onward.end();
  });
  network.proxy.listen(0, '127.0.0.1');
  await once(network.proxy, 'listening');
  const address = network.proxy.address();
  network.address = `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`;
  return network;
}
