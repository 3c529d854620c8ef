import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { startCentre, type Centre } from '../../lib/examples.ts';
import { folder, LANGUAGES, Snippets, type Language, type Ran } from '../../lib/snippets.ts';

// They share one contact centre, and what was compiled.
test.describe.configure({ mode: 'default', timeout: 120_000 });

const execute = promisify(execFile);

const TOPICS = [
  'agent-states',
  'call-make',
  'changes',
  'errors',
  'export',
  'first-call',
  'look-up',
  'metrics',
  'proxy-session',
  'recording',
  'retry',
  'token',
  'webhook-verify',
  'wrap',
];
const HOOKS = '[webhooks]\nallow_networks = ["127.0.0.0/8"]\nallow_http = true\n';
const BELL = '+61 491 570 156';

/** Whether a language is asked once more for what another run of the same file shows: those that take a second to start are not. */
const twice = (language: Language) => language !== 'java' && language !== 'cs';

let centre: Centre;
let snippets: Snippets;
/** A key that may all that the tests themselves do. */
let tester: string;

test.beforeAll(async () => {
  test.setTimeout(150_000);
  centre = await startCentre({ days: 1, sandbox: 'shared_clock = true', config: HOOKS });
  const rights = ['contacts:read', 'calls:read', 'agents:read', 'queues:read', 'wraps:read', 'recordings:read', 'agent-states:subscribe'];
  [snippets, tester] = await Promise.all([Snippets.build(centre.gateway), centre.key([...rights, 'users:impersonate'])]);
});

test.afterAll(async () => {
  await snippets?.remove();
  await centre?.stop();
});

async function read<T>(path: string): Promise<T> {
  const answer = await centre.ask(tester, path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Runs a check in every language, two at a time, and names the language that fails. */
async function each(check: (language: Language, index: number) => Promise<void>): Promise<void> {
  const waiting = [...LANGUAGES.entries()];
  const failures: string[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, language] = next;
      await check(language, index).catch((error) => failures.push(`${language}: ${error}`));
    }
  };
  await Promise.all([work(), work()]);
  expect(failures).toEqual([]);
}

/** What it printed, once it ended well. */
function printed(ran: Ran): string {
  expect(ran, ran.stderr).toMatchObject({ status: 0 });
  return ran.stdout.trim();
}

interface Agent {
  id: string;
  extension: string;
  display_name: string;
  state: string;
  activity: string;
}

/** Agents without a call. At night few of them are there. */
async function idle(): Promise<Agent[]> {
  const { items } = await read<{ items: Agent[] }>('/v1/agents?limit=100');
  return items.filter((agent) => agent.activity === 'idle');
}

/** Has an agent be there, for calls that are asked for and no others. */
async function seat(agent: Agent, reason: string): Promise<void> {
  const body = JSON.stringify({ routing_state: 'not_ready', reason, on_behalf_of: agent.id });
  const answer = await centre.ask(tester, `/v1/agents/${agent.id}/state`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
  expect(answer.status, await answer.text()).toBe(200);
}

test('every topic is there in every language, and nothing else', async () => {
  const wanted = TOPICS.flatMap((topic) => LANGUAGES.map((language) => `${topic}.${language}`));
  const files = await readdir(folder);
  expect(files.filter((file) => file !== 'README.md').toSorted()).toEqual(wanted.toSorted());
});

/** Whole programs elsewhere, which are run by protected-services.spec.ts. */
const PROGRAMS = ['protected-service'];

test('no snippet is without its tokens from the environment, and no page names one that is not there', async () => {
  const pages = join(folder, '../integrate');
  for (const page of await readdir(pages)) {
    const text = await readFile(join(pages, page), 'utf8');
    for (const [, name] of text.matchAll(/<!-- snippet: (.*?) -->/g)) expect([...TOPICS, ...PROGRAMS], page).toContain(name);
  }
  for (const topic of TOPICS) {
    for (const language of LANGUAGES) {
      const text = await readFile(join(folder, `${topic}.${language}`), 'utf8');
      expect(text, `${topic}.${language}`).not.toMatch(/ccc_(live|test)_|whsec_[A-Za-z0-9+/]{8}|Bearer eyJ/);
      if (topic !== 'webhook-verify') expect(text).toContain('KEYDESK_KEY');
      expect(text.split('[show]').length, `${topic}.${language}`).toBe(text.split('[end]').length);
    }
  }
});

/** What only those meet who manage keys or run the contact centre. */
const NOT_TOLD = [
  ...['scope_escalation', 'bounds_escalation', 'environment_escalation', 'default_key_protected', 'forbidden', 'not_recoverable'],
  ...['not_deleted', 'handover_over', 'not_the_gateway'],
];

test('the page on errors has every code that an integrator may meet', async () => {
  const page = await readFile(join(folder, '../integrate/errors.md'), 'utf8');
  const lists = ['crates/model/src/error_kind.rs', 'crates/contact_centre_api/src/protocol/kinds.rs'];
  const texts = await Promise.all(lists.map((list) => readFile(join(folder, '../..', list), 'utf8')));
  const codes = texts.flatMap((text) => [...text.matchAll(/^ {4}[A-Z_]+ = \d{3} "(\w+)"/gm)].map((match) => match[1]!));
  expect(codes.length).toBeGreaterThan(70);
  expect(codes.filter((code) => !NOT_TOLD.includes(code) && !page.includes(`\`${code}\``))).toEqual([]);
});

test('first-call: a test key reaches the contact centre', async () => {
  const key = await centre.key('live-widget');
  await each(async (language) => {
    const text = printed(await snippets.run(language, 'first-call', key));
    expect(text).toContain('main');
    expect(text).toMatch(/20000|20,000/);
    if (!twice(language)) return;
    const refused = await snippets.run(language, 'first-call', 'ccc_test_no');
    expect(refused.stdout + refused.stderr).toMatch(/401|invalid_token/);
  });
});

test('look-up: a caller is found by a number in any notation', async () => {
  const key = await centre.key('crm');
  const { items } = await read<{ items: { display_name: string; phones: { e164: string }[] }[] }>('/v1/contacts?limit=50');
  const contact = items.find(({ phones }) => phones[0]?.e164.startsWith('+61'))!;
  const international = contact.phones[0]!.e164;
  const national = `0${international.slice(3, 6)} ${international.slice(6)}`;
  await each(async (language, index) => {
    const number = index % 2 === 0 ? national : international;
    const text = printed(await snippets.run(language, 'look-up', key, [number]));
    expect(text.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^${contact.display_name} \\((exact|national)\\)$`)));
    if (twice(language)) expect(printed(await snippets.run(language, 'look-up', key, ['anonymous']))).toBe('');
  });
});

test('call-make: sent again under its name, it is the same call', async () => {
  const key = await centre.key('crm');
  // One after the other: two languages would else choose the same agent.
  for (const language of LANGUAGES) {
    for (let attempt = 1; ; attempt += 1) {
      const agent = (await idle())[attempt]!;
      await seat(agent, 'admin');
      const args = [agent.extension, BELL, `test-${language}-${attempt}`];
      const first = await snippets.run(language, 'call-make', key, args);
      // A caller may have reached the agent in the meantime.
      if (/agent_busy|agent_offline|409/.test(first.stderr + first.stdout) && attempt < 4) continue;
      const [, id] = /^([0-9a-f-]{36}) (requested|dialing)$/.exec(printed(first))!;
      expect(printed(await snippets.run(language, 'call-make', key, args)), language).toBe(`${printed(first)}\nsent before`);
      const call = await read<{ direction: string; agent: { id: string } }>(`/v1/calls/${id}`);
      expect(call).toMatchObject({ direction: 'outbound', agent: { id: agent.id } });
      break;
    }
  }
});

test('wrap: what a call came to is written', async () => {
  const key = await centre.key('crm');
  const listed = await read<{ items: { call_id: string; code: string; revision: number }[] }>('/v1/wraps?limit=100');
  const calls = listed.items.filter(({ code, revision }) => code !== 'resolved' && revision === 0);
  await each(async (language, index) => {
    const { call_id: call, revision } = calls[index]!;
    expect(printed(await snippets.run(language, 'wrap', key, [call]))).toBe(`resolved, revision ${revision + 1}`);
    expect(await read(`/v1/calls/${call}/wrap`)).toMatchObject({ comments: 'Invoice explained.', data: { ticket: '4711' } });
  });
});

test('proxy-session: an agent is asked to sit down, and the session ends', async () => {
  const key = await centre.key(['users:impersonate']);
  const agents = await idle();
  await each(async (language, index) => {
    const agent = agents[index]!;
    const text = printed(await snippets.run(language, 'proxy-session', key, [agent.id]));
    expect(text).toMatch(new RegExp(`^${agent.display_name}: (not_ready|ready)$`));
    const { items } = await read<{ items: { reason: string | null; started_at: string }[] }>(
      `/v1/agents/${agent.id}/states?from=${new Date(Date.now() - 60_000).toISOString()}&limit=500`,
    );
    const now = await read<{ reason: string | null; pending_state: { reason?: string } | null }>(`/v1/agents/${agent.id}`);
    expect([...items.map(({ reason }) => reason), now.reason, now.pending_state?.reason]).toContain('training');
  });
});

test('agent-states: a reader whose connection is cut misses nothing and repeats nothing', async () => {
  const key = await centre.key('workforce-management');
  const readers = await Promise.all(
    LANGUAGES.map(async (language) => {
      const reader = { language, child: snippets.start(language, 'agent-states', key, [], await snippets.place()), text: '', errors: '' };
      reader.child.stdout!.on('data', (chunk) => (reader.text += String(chunk)));
      reader.child.stderr!.on('data', (chunk) => (reader.errors += String(chunk)));
      return reader;
    }),
  );
  const lacking = (text: RegExp) => readers.filter((reader) => !text.test(reader.text)).map((reader) => `${reader.language}: ${reader.errors}${reader.text}`);
  const change = async (index: number, reason: string) => seat((await idle())[index]!, reason);
  try {
    await expect.poll(() => lacking(/^stream\.snapshot/m), { timeout: 30_000 }).toEqual([]);
    await change(0, 'meeting');
    await expect.poll(() => lacking(/^agent\.\w+ \S+-\d+$/m), { timeout: 30_000 }).toEqual([]);
    const cut = JSON.stringify({ drop_streams: true });
    const dropped = await centre.ask(tester, '/v1/sandbox/faults', { method: 'POST', body: cut, headers: { 'content-type': 'application/json' } });
    expect(dropped.status).toBeLessThan(300);
    // This happens while nobody listens.
    await change(1, 'training');
    await expect.poll(() => lacking(/^stream\.caught_up/m), { timeout: 30_000 }).toEqual([]);
    // Whoever was back before it happened has it as it happens.
    await expect.poll(() => lacking(/^agent\.\w+ \S+-\d+$[^]*^agent\.\w+ \S+-\d+$/m), { timeout: 30_000 }).toEqual([]);
  } finally {
    for (const { child } of readers) {
      if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    }
  }
  for (const { language, text } of readers) {
    expect(text, language).not.toContain('stream.reset');
    const ids = text.split('\n').slice(0, -1).flatMap((line) => (line.startsWith('agent.') && line.includes('-') ? [line.split(' ')[1]!] : []));
    const log = await read<{ items: { epoch: string; seq: number }[] }>(`/v1/agent-states/events?limit=500&after=${ids[0]}`);
    expect(ids.slice(1), language).toEqual(log.items.slice(0, ids.length - 1).map(({ epoch, seq }) => `${epoch}-${seq}`));
    expect(ids.length, language).toBeGreaterThan(1);
  }
});

test('metrics: rows of a queue, final or not yet', async () => {
  const key = await centre.key('workforce-management');
  await each(async (language) => {
    const rows = printed(await snippets.run(language, 'metrics', key)).split('\n');
    expect(rows.length).toBeGreaterThanOrEqual(2);
    for (const row of rows) {
      const form = /^20\d\d-\d\d-\d\dT\d\d:\d\d:00\S*Z offered \d+, answered \d+, service level ([01](\.\d+)?|null|None), final (true|false)$/i;
      expect(row).toMatch(form);
    }
  });
});

test('changes: everything once, then only what changed', async () => {
  const key = await centre.key('crm');
  const places = await Promise.all(LANGUAGES.map(() => snippets.place()));
  const before = await read<{ items: unknown[]; as_of: { seq: number } }>('/v1/wraps?limit=500');
  expect(before.items).toHaveLength(500); // more than one page
  let sample: string[] = [];
  await each(async (language, index) => {
    const lines = printed(await snippets.run(language, 'changes', key, [], { place: places[index]! })).split('\n');
    expect(lines.length).toBeGreaterThan(1000);
    const calls = lines.map((line) => line.split(' ')[0]!);
    expect(new Set(calls).size).toBe(calls.length);
    sample = calls;
  });
  const changed = sample[7]!;
  const written = await centre.ask(key, `/v1/calls/${changed}/wrap`, {
    method: 'PUT',
    body: JSON.stringify({ code: 'complaint' }),
    headers: { 'content-type': 'application/json' },
  });
  expect(written.status).toBe(200);
  await each(async (language, index) => {
    const place = places[index]!;
    const lines = printed(await snippets.run(language, 'changes', key, [], { place })).split('\n');
    expect(lines).toContain(`${changed} complaint`);
    expect(lines.length).toBeLessThan(100);
    if (twice(language)) expect(printed(await snippets.run(language, 'changes', key, [], { place }))).not.toContain(changed);
  });
});

test('recording: it is downloaded in parts, and is what was recorded', async () => {
  const key = await centre.key('quality-assurance');
  const { items } = await read<{ items: { id: string; status: string; size_bytes: number }[] }>('/v1/recordings?limit=200');
  // Of more than one part each, and not so large that making it takes a debug build long.
  const long = items.filter(({ status, size_bytes: size }) => status === 'available' && size > 1 << 20);
  const { id, size_bytes: size } = long.toSorted((a, b) => a.size_bytes - b.size_bytes)[0]!;
  await each(async (language) => {
    const place = await snippets.place();
    expect(printed(await snippets.run(language, 'recording', key, [id], { place }))).toBe(`${id}.wav: OK`);
    const file = await readFile(join(place, `${id}.wav`));
    expect(file.length).toBe(size);
    expect(createHash('sha256').update(file).digest('hex')).toBe((await read<{ sha256: string }>(`/v1/recordings/${id}`)).sha256);
  });
});

test('export: yesterday as Parquet', async () => {
  const key = await centre.key('business-intelligence');
  await each(async (language) => {
    const place = await snippets.place();
    const text = printed(await snippets.run(language, 'export', key, [], { place }));
    expect(text).toMatch(/^(complete|rows: [1-9]\d+|x-row-count: [1-9]\d+)$/i);
    const file = await readFile(join(place, 'calls.parquet'));
    expect(file.subarray(0, 4).toString()).toBe('PAR1');
    expect(file.length).toBeGreaterThan(10_000);
  });
});

test('errors: what was refused, and why', async () => {
  const key = await centre.key('crm');
  await each(async (language) => {
    const text = printed(await snippets.run(language, 'errors', key, ['/v1/metrics/summary']));
    expect(text).toMatch(/^403 insufficient_scope: .*\(request [0-9a-f-]{36}\)$/);
    if (twice(language)) expect(printed(await snippets.run(language, 'errors', key, ['/v1/contacts?limit=9999']))).toMatch(/^400 invalid_request: /);
  });
});

test('retry: too many calls wait as long as they are told', async () => {
  const keys = await Promise.all(LANGUAGES.map(() => centre.key(['queues:read'], { args: ['--rate', 'default=60/60s,burst=1'] })));
  await each(async (language, index) => {
    const lines = printed(await snippets.run(language, 'retry', keys[index]!)).split('\n');
    expect(lines.filter((line) => line === 'answered')).toHaveLength(3);
    // curl waits without a word.
    if (language !== 'sh') expect(lines.join('\n')).toMatch(/429, waiting 1(\.0)? s/);
  });
});

test('token: it reaches its queue from its origin, and nothing else', async () => {
  const key = await centre.key('live-widget');
  const { items } = await read<{ items: { id: string }[] }>('/v1/queues');
  const [own, other] = items.map(({ id }) => id);
  const origin = 'https://shop.example';
  await each(async (language) => {
    const { token, expires_at: ends } = JSON.parse(printed(await snippets.run(language, 'token', key, [own!, origin]))) as Record<string, string>;
    expect(Date.parse(ends!) - Date.now()).toBeGreaterThan(14 * 60_000);
    const status = async (path: string, from: string) => (await centre.ask(token!, path, { headers: { origin: from } })).status;
    expect(await status(`/v1/live/queues/${own}`, origin)).toBe(200);
    expect(await status(`/v1/live/queues/${other}`, origin)).toBe(403);
    expect(await status(`/v1/live/queues/${own}`, 'https://elsewhere.example')).toBe(403);
  });
});

test('commands that stand in a page are answered', async () => {
  const key = await centre.key('crm');
  const refused = (await (await centre.ask(key, '/v1/metrics/summary')).json()) as { request_id: string };
  // Of the other pages a command needs a public receiver, or another key.
  for (const page of ['index', 'errors', 'limits', 'tokens']) {
    const text = await readFile(join(folder, `../integrate/${page}.md`), 'utf8');
    const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1]!).filter((command) => command.startsWith('curl'));
    expect(commands.length, page).toBeGreaterThan(0);
    for (const command of commands) {
      const own = command.replaceAll('http://127.0.0.1:3000', centre.workspace).replaceAll('http://127.0.0.1:8080', centre.gateway);
      const env = { PATH: process.env.PATH, KEYDESK_KEY: key, KEYDESK_GATEWAY: centre.gateway, REQUEST_ID: refused.request_id };
      const { stdout } = await execute('bash', ['-c', own], { env });
      expect(JSON.parse(stdout), `${page}: ${command}`).not.toHaveProperty('status', expect.any(Number));
    }
  }
});

interface Delivery {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A receiver that keeps what it gets. */
async function receiver(): Promise<{ server: Server; url: string; deliveries: Delivery[] }> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      deliveries.push({ headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, deliveries, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks` };
}

test('webhook-verify: a real delivery is known, and whatever was altered is not', async () => {
  const key = await centre.key('workforce-management');
  const { server, url, deliveries } = await receiver();
  try {
    const json = { 'content-type': 'application/json' };
    const made = await centre.ask(key, '/v1/agent-states/webhooks', { method: 'POST', body: JSON.stringify({ url, types: ['agent.*'] }), headers: json });
    const { id: webhook, secret } = (await made.json()) as { id: string; secret: string };
    await centre.ask(key, `/v1/agent-states/webhooks/${webhook}/test`, { method: 'POST', body: '{}', headers: json });
    const tested = () => deliveries.find(({ body }) => body.includes('webhook.test'));
    await expect.poll(tested, { timeout: 30_000 }).toBeDefined();
    const { headers, body } = tested()!;
    const [id, at, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(headers[name]));
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1));
    await each(async (language) => {
      const verify = (input: Buffer, args: string[]) => snippets.run(language, 'webhook-verify', key, args, { input });
      expect(printed(await verify(body, [secret, id!, at!, signature!]))).toBe('valid');
      if (twice(language)) expect(printed(await verify(body, [secret, id!, at!, `v1,AAAA ${signature}`]))).toBe('valid');
      expect((await verify(rewritten, [secret, id!, at!, signature!])).status, 'rewritten').not.toBe(0);
      expect((await verify(body, [secret, id!, String(Number(at) - 301), signature!])).status, 'old').not.toBe(0);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
