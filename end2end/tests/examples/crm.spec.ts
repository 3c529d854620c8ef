import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../../lib/axe.ts';
import { beginConformance, missingPoints, startCentre, type Centre } from '../../lib/examples.ts';
import { freePort } from '../../lib/server.ts';
import { expect, test } from '../../lib/test.ts';

const root = resolve(import.meta.dirname, '../../..');
const source = join(root, 'examples/crm');
const CRM = ['contacts:read', 'contacts:write', 'calls:read', 'calls:make', 'wraps:read', 'wraps:write'];
/** Numbers that the telephone authority keeps for films. */
const ADA = '+61491570156';
const STRANGER = '+61491570157';

let centre: Centre;
/** The rights of whoever plays customers, agents and colleagues. */
let director: string;
let clone: string;
let folder: string;
/** The program, in a folder beside that of the client, as a clone has both. */
let crm: ChildProcess | undefined;
let url: string;
let said = '';

test.describe.configure({ mode: 'serial' });
test.use({ expectedComplaints: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/] });

test.beforeAll(async () => {
  // The packages of the client are fetched, too.
  test.setTimeout(240_000);
  clone = await mkdtemp(join(tmpdir(), 'keydesk-crm-'));
  folder = join(clone, 'examples/crm');
  const isMade = (path: string) => /node_modules|crm\.db|\/dist$|\/src\/generated$|\.tested/.test(path.slice(root.length));
  for (const part of ['examples/crm', 'clients/typescript']) await cp(join(root, part), join(clone, part), { recursive: true, filter: (path) => !isMade(path) });
  const installed = promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
  centre = await startCentre({ days: 1, sandbox: 'shared_clock = true' });
  director = await centre.key([...CRM, 'queues:read', 'agents:read', 'users:impersonate', 'live:read'], { name: 'Director' });
  // A weekday at 10:00 in Sydney, whenever the test runs. From here on nothing happens but what is asked for.
  const at = new Date(Date.now() + 3_600_000);
  at.setUTCHours(23, 0, 0, 0);
  while (at.getTime() < Date.now() || at.getUTCDay() > 4) at.setUTCDate(at.getUTCDate() + 1);
  await clock({ action: 'pause' });
  await clock({ action: 'jump', to: at.toISOString() });
  await installed;
});

test.afterAll(async () => {
  await end();
  await centre?.stop();
  if (clone) await rm(clone, { recursive: true, force: true });
});

/** Asks as the director does, who is told to come back as anybody is. */
async function ask<T = Record<string, any>>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<T> {
  for (;;) {
    const headers = { 'content-type': 'application/json', ...more };
    const answer = await centre.ask(director, path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    if (answer.status === 429 || answer.status === 503) continue;
    expect(answer.status, `${method} ${path}: ${await answer.clone().text()}`).toBeLessThan(300);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }
}

const clock = (what: object) => ask('POST', '/v1/sandbox/clock', what);

/** Lets time go by in the contact centre until something holds. */
async function until(what: string, holds: () => Promise<boolean>, ms = 5_000): Promise<void> {
  await expect.poll(async () => (await holds()) || (await clock({ action: 'step', ms })) === undefined, { message: what, timeout: 30_000, intervals: [100] }).toBe(true);
}

async function start(key: string, more: Record<string, string> = {}): Promise<void> {
  const port = await freePort();
  url ??= `http://127.0.0.1:${port}`;
  const env = { ...process.env, KEYDESK_KEY: key, KEYDESK_GATEWAY: centre.gateway, PORT: new URL(url).port, ...more };
  crm = spawn('node', ['crm.js'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [crm.stdout!, crm.stderr!]) stream.on('data', (chunk) => (said += String(chunk)));
  await expect.poll(() => fetch(url).then(({ ok }) => ok, () => false), { intervals: [50] }).toBe(true);
}

/** As a power cut would. */
async function end(): Promise<void> {
  if (crm === undefined || crm.exitCode !== null) return;
  const ended = new Promise((done) => crm!.once('exit', done));
  crm.kill('SIGKILL');
  await ended;
  crm = undefined;
}

/** What the CRM has stored, in its own words. */
function stored(statement: string, ...values: unknown[]): any[] {
  const Database = createRequire(join(folder, 'crm.js'))('libsql') as new (path: string) => any;
  const database = new Database(join(folder, 'crm.db'));
  try {
    return database.prepare(statement).all(...values) as any[];
  } finally {
    database.close();
  }
}

const listed = (page: Page, name: string): Locator => page.locator('#calls').getByRole('button', { name, exact: true });
const place = (): number => Number(stored(`SELECT value FROM place WHERE name = 'calls'`)[0]?.value.split('-')[1] ?? 0);

/** Has a number call the first queue that is open. */
async function ring(from?: string): Promise<string> {
  const { items } = await ask('GET', '/v1/queues');
  const queue = items.find((one: { open: boolean }) => one.open);
  const call = await ask('POST', '/v1/sandbox/calls', { queue_id: queue.id, patience_ms: 3_600_000, ...(from && { from }) });
  return call.id as string;
}

const read = (id: string) => ask('GET', `/v1/calls/${id}`);

/** Lets the customer and an agent speak, and hangs up. */
async function speak(id: string): Promise<void> {
  await until('an answer', async () => (await read(id)).state === 'connected');
  await ask('POST', `/v1/calls/${id}/hangup`, {});
}

let ada: string;
let stranger: string;
let key: string;
let before: string;

test('an incoming call shows who calls, and makes a contact of a stranger', async ({ page }) => {
  key = await centre.key('crm', { name: 'CRM' });
  await ask('POST', '/v1/contacts', { display_name: 'Ada Example', phones: [{ raw: '0491 570 156' }] });
  await start(key);
  await expect.poll(place).toBeGreaterThan(0);
  before = stored(`SELECT value FROM place WHERE name = 'calls'`)[0].value;
  await page.goto(url);
  // The network cuts the stream, and the gateway says for a while that there are too many calls.
  await ask('POST', '/v1/sandbox/faults', { drop_streams: true, rate_limited: 2 });
  [ada, stranger] = [await ring(ADA), await ring(STRANGER)];
  const withheld = await ring();
  for (const id of [ada, stranger, withheld]) await until('an offer', async () => (await read(id)).offers.length > 0, 1_000);
  // Somebody else may withhold their number, too.
  for (const name of ['Ada Example', `New caller ${STRANGER}`, 'Number withheld']) await expect(listed(page, name).first()).toBeVisible();
  // On the screen of the agent at whom it rings.
  for (const [id, name] of [[ada, 'Ada Example'], [stranger, `New caller ${STRANGER}`]] as const) {
    const { offers } = await read(id);
    await page.goto(`${url}/?agent=${encodeURIComponent(offers.at(-1).agent.display_name)}`);
    await expect(page.getByRole('region', { name: 'Caller' }).getByRole('heading', { name })).toBeVisible();
  }
  const found = await ask('GET', `/v1/contacts/lookup?phone=${encodeURIComponent(STRANGER)}`);
  expect(found.matches).toHaveLength(1);
  expect(stored('SELECT phone FROM contact WHERE id = ?', found.matches[0].contact.external_ids.crm)).toEqual([{ phone: STRANGER }]);
  expect(stored('SELECT contact_id FROM call WHERE id = ?', withheld)).toEqual([{ contact_id: null }]);
  await expectAccessible(page);
  if (process.env.KEYDESK_PICTURE) {
    await page.setViewportSize({ width: 1120, height: 640 });
    await page.goto(url);
    await listed(page, 'Ada Example').click();
    await page.screenshot({ path: join(source, 'picture.png') });
  }
});

test('what is noted reaches the contact centre, also if both programs end in between', async ({ page }) => {
  await page.goto(url);
  await speak(ada);
  await listed(page, 'Ada Example').click();
  await expect(page.getByRole('heading', { name: 'Ada Example' })).toBeVisible();
  await centre.kill();
  await page.getByLabel('What came of it').selectOption('Order taken');
  await page.getByLabel('Comments').fill('Wants it before Friday: naïve "quotes" & <b>signs</b>.');
  await page.getByLabel('Order number').fill('A-1042');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('#saved')).toHaveText('Saved here, being sent.');
  await end();
  await Promise.all([start(key), centre.start()]);
  await expect(page.locator('#saved')).toHaveText('In the contact centre.');
  const wrap = await ask('GET', `/v1/calls/${ada}/wrap`);
  expect(wrap).toMatchObject({ code: 'order', comments: 'Wants it before Friday: naïve "quotes" & <b>signs</b>.', data: { order: 'A-1042' } });
  // What a colleague changes later comes back.
  await ask('PUT', `/v1/calls/${ada}/wrap`, { code: 'resolved', comments: 'It was sent on Thursday.' });
  await expect(page.locator('#saved')).toHaveText('In the contact centre, changed late.');
  await expect(page.getByLabel('Comments')).toHaveValue('It was sent on Thursday.');
});

test('events that come twice change nothing', async () => {
  await end();
  const counts = () => stored('SELECT (SELECT count(*) FROM contact) AS contacts, (SELECT count(*) FROM call) AS calls');
  const [had, was] = [counts(), place()];
  const [after] = stored(`UPDATE place SET value = ? WHERE name = 'calls' RETURNING value`, before);
  expect(after.value).toBe(before);
  await start(key);
  await expect.poll(place).toBeGreaterThanOrEqual(was);
  expect(counts()).toEqual(had);
  expect(stored('SELECT comments FROM wrap WHERE call_id = ?', ada)).toEqual([{ comments: 'It was sent on Thursday.' }]);
  const found = await ask('GET', `/v1/contacts/lookup?phone=${encodeURIComponent(STRANGER)}`);
  expect(found.matches).toHaveLength(1);
});

/** An agent who takes no calls from queues, so that nobody else has them speak. `sit` has them come back after a break. */
async function caller(): Promise<{ extension: string; sit: () => Promise<unknown> }> {
  const { items } = await ask('GET', '/v1/agents?limit=100');
  const agent = items.find((one: any) => one.activity === 'idle' && one.routing_state === 'ready' && one.team !== 'Outbound');
  const { token } = await ask('POST', '/v1/sessions/proxy', { agent_id: agent.id, minutes: 480 });
  const wish = { routing_state: 'not_ready', reason: 'admin' };
  const sit = () => ask('PUT', `/v1/agents/${agent.id}/state`, wish, { 'x-proxy-session': token });
  await sit();
  return { extension: agent.extension, sit };
}

async function enter(page: Page, name: string, phone: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Number', { exact: true }).fill(phone);
  await page.getByRole('button', { name: 'Add lead' }).click();
}

const lead = (page: Page, name: string): Locator => page.locator('#leads li').filter({ hasText: name });
const callsTo = async (phone: string) => (await ask('GET', `/v1/calls?phone=${encodeURIComponent(phone)}`)).items as { id: string; state: string }[];

test('leads are called once each, and whoever wants to be called back becomes a lead', async ({ page }) => {
  await end();
  await start(key, { CRM_AGENT: (await caller()).extension });
  await page.goto(url);
  await ask('POST', '/v1/sandbox/faults', { rate_limited: 3 });
  // Not everybody answers, so several are called.
  const people = new Map(['Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Frances'].map((name, n) => [name, `+6149157${1491 + n}`]));
  for (const [name, phone] of people) await enter(page, name, phone);
  const answered = page.locator('#leads li').filter({ hasText: /connected|completed/ });
  await until('an answer', async () => (await answered.count()) > 0, 1_000);
  const name = (await answered.last().textContent())!.replace(/connected|completed/, '');
  const [call] = await callsTo(people.get(name)!);
  if ((await read(call!.id)).state === 'connected') await ask('POST', `/v1/calls/${call!.id}/hangup`, {});
  await listed(page, name).click();
  await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  await page.getByLabel('What came of it').selectOption('Wants to be called back');
  await page.getByLabel('Call back at').fill('2099-03-04T11:00');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('#saved')).toHaveText('In the contact centre.');
  expect((await ask('GET', `/v1/calls/${call!.id}/wrap`)).callback_at).toBe('2099-03-04T10:00:00.000Z');
  await expect(lead(page, name)).toHaveText([`${name}waiting`, `${name}completed`]);
  const [again] = stored(`SELECT keydesk_id, timezone FROM lead WHERE id = ?`, `callback-${call!.id}`);
  expect(again.timezone).toBe('Australia/Sydney');
  const changed = await ask('GET', '/v1/leads?limit=500&status=waiting&changed_since=' + (await ask('GET', '/v1/leads?limit=1')).changes_cursor);
  expect(changed.items).toEqual([]);
  // As soon as the agent is free the next one is called; nobody has been called twice.
  for (const phone of people.values()) expect((await callsTo(phone)).length).toBeLessThanOrEqual(1);
});

test('what a key may not do is said, and nothing is lost', async ({ page }) => {
  await end();
  await start(await centre.key(CRM.filter((scope) => scope !== 'wraps:write'), { name: 'Reads' }));
  await page.goto(url);
  const id = await ring(ADA);
  await speak(id);
  await page.locator(`[id="${id}"]`).click();
  await page.getByLabel('Comments').fill('Kept.');
  await page.getByRole('button', { name: 'Save' }).click();
  // Others call meanwhile, and are shown: so this call is looked at again.
  const saved = async () => {
    await page.locator(`[id="${id}"]`).click();
    return page.locator('#saved').textContent();
  };
  await expect.poll(saved).toContain('Not sent: ');
  await end();
  await start(key);
  await expect.poll(saved, { timeout: 10_000 }).toBe('In the contact centre.');
  expect(await ask('GET', `/v1/calls/${id}/wrap`)).toMatchObject({ comments: 'Kept.' });
  for (const path of ['/v1/metrics/queues', '/v1/recordings', '/v1/stream/agent-states', '/v1/agents', '/v1/queues']) {
    expect((await centre.ask(key, path)).status, path).toBe(403);
  }
});

test('the hours and the number of calls that a key may make are kept', async ({ page }) => {
  await end();
  const at = new Date((await ask('GET', '/v1/sandbox/clock')).at);
  const hour = Number(new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone: 'Australia/Sydney' }).format(at));
  const limited = await centre.key('crm', { name: 'Limited', args: ['--contact-centre', `calls=1/hour hours=${hour + 1}-20`] });
  const agent = await caller();
  // With a database of its own: leads of the other would be called first.
  await start(limited, { CRM_AGENT: agent.extension, CRM_DATABASE: join(folder, 'limited.db') });
  await page.goto(url);
  await enter(page, 'Early', '+61491571501');
  await expect(lead(page, 'Early')).toContainText('not before');
  expect(await callsTo('+61491571501')).toEqual([]);
  at.setUTCHours(at.getUTCHours() + 1, 0, 0, 0);
  await clock({ action: 'jump', to: at.toISOString() });
  await agent.sit();
  // Somebody who waits may be given to the agent first.
  await until('a call', async () => (await callsTo('+61491571501')).length > 0);
  expect((await callsTo('+61491571501')).length).toBe(1);
  await enter(page, 'Second', '+61491571502');
  await expect(lead(page, 'Second')).toContainText('as many calls as it may');
  expect(await callsTo('+61491571502')).toEqual([]);
});

test('it has all points of conformance', async ({ page }) => {
  test.setTimeout(90_000);
  await end();
  const judged = await centre.key('crm', { name: 'Judged' });
  await beginConformance(centre, judged, ['stream', 'calls', 'changes']);
  await start(judged, { CRM_AGENT: (await caller()).extension, CRM_DATABASE: join(folder, 'judged.db') });
  await page.goto(url);
  await enter(page, 'Judged', '+61491571503');
  await expect.poll(() => missingPoints(centre, judged), { timeout: 60_000 }).toEqual([]);
  expect((await callsTo('+61491571503')).length).toBe(1);
});
