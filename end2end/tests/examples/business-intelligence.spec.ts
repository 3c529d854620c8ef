import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as send, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { beginConformance, missingPoints, startCentre, type Centre } from '../../lib/examples.ts';
import { inEnvironment, installPython, Program } from '../../lib/python.ts';

const run = promisify(execFile);
const example = resolve(import.meta.dirname, '../../../examples/business-intelligence');
const TABLES = ['calls', 'offers', 'agents', 'agent_states', 'queues', 'wraps', 'recordings', 'contacts', 'leads', 'events', 'queue_intervals', 'agent_intervals'];

let centre: Centre;
let key: string;
let lead: string;
let folder: string;

test.describe.configure({ mode: 'serial', timeout: 90_000 });

test.beforeAll(async () => {
  // Packages are installed at the first time only.
  test.setTimeout(300_000);
  await installPython();
  folder = await mkdtemp(join(tmpdir(), 'keydesk-bi-'));
  centre = await startCentre({ days: 0, sandbox: 'shared_clock = true' });
  key = await centre.key('business-intelligence', { name: 'Business intelligence' });
  lead = await centre.key(['calls:read', 'contacts:read', 'contacts:write', 'wraps:read', 'wraps:write'], { name: 'Lead' });
  // At noon of a working day there is something to count. The clock stands, so that only what a test does changes anything.
  await write(lead, 'POST', '/v1/sandbox/clock', { action: 'jump', to: noonOfWorkday() });
  await write(lead, 'POST', '/v1/sandbox/clock', { action: 'pause' });
});

test.afterAll(async () => {
  await centre?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('a transfer that is cut loads nothing', async () => {
  const cutting = await cuttingGateway(centre.gateway, '/v1/data/contacts');
  const program = start(cutting.address);
  expect(await program.end(), program.output).toBe(1);
  expect(program.output).toContain('peer closed connection without sending complete message body');
  cutting.server.close();
  expect(await sql('SELECT count(*) FROM duckdb_tables()')).toEqual([[1]]);
  expect(await sql('SELECT count(*) FROM kept')).toEqual([[0]]);
});

test('a day of every table is loaded, and its totals are those of the metrics', async () => {
  const printed = await load();
  for (const table of TABLES) expect(printed).toMatch(new RegExp(`^read: .*\\b[1-9]\\d* ${table}\\b`, 'm'));
  expect(printed).toMatch(/calls at seq \d+: 8 totals equal to metrics, 0 not/);
  expect(printed).toMatch(/queue_intervals at seq \d+: 10 totals equal to metrics, 0 not/);
  const [[answered, contacts]] = (await sql('SELECT (SELECT sum(answered_count)::INT FROM queue_intervals), (SELECT count(*) FROM contacts)')) as [[number, number]];
  expect(answered).toBeGreaterThan(100);
  expect(contacts).toBe(20_000);
  expect((await readFile(join(folder, 'picture.png'))).subarray(1, 4).toString()).toBe('PNG');
});

test('then only what changed is read, and stands once', async () => {
  const [[id]] = (await sql("SELECT id FROM calls WHERE outcome = 'completed' AND wrap_ms IS NOT NULL AND queue_id IS NOT NULL ORDER BY id LIMIT 1")) as [[string]];
  const calls = await sql('SELECT count(*) FROM calls');
  const person = await json(lead, '/v1/contacts?limit=1');
  await write(lead, 'PUT', `/v1/calls/${id}/wrap`, { code: 'resolved', comments: 'Late.' });
  await write(lead, 'PATCH', `/v1/contacts/${person.items[0].id}`, { company: 'Changed & Co' });
  const printed = await load();
  expect(printed).toMatch(/^changed: 1 calls, .*\b1 wraps\b.*\b1 contacts\b/m);
  expect(printed.match(/equal to metrics, 0 not/g)).toHaveLength(2);
  expect(await sql(`SELECT comments FROM wraps WHERE call_id = '${id}'`)).toEqual([['Late.']]);
  expect(await sql("SELECT count(*) FROM contacts WHERE company = 'Changed & Co'")).toEqual([[1]]);
  expect(await sql('SELECT count(*) FROM calls')).toEqual(calls);
  expect(await sql('SELECT max(revision) FROM queue_intervals')).toEqual([[1]]);
  for (const [table, id] of [['calls', 'id'], ['agent_states', '(agent_id, started_at, state, activity, routing_state)'], ['queue_intervals', '(queue_id, start)']]) {
    expect(await sql(`SELECT count(*) - count(DISTINCT ${id}) FROM ${table}`), table).toEqual([[0]]);
  }
});

test('a total that differs is told', async () => {
  await sql("UPDATE calls SET wait_ms = wait_ms + 1 WHERE id = (SELECT min(id) FROM calls WHERE answered_at IS NOT NULL AND enqueued_at IS NOT NULL AND started_at >= (SELECT min(answered_at) + INTERVAL 3 HOUR FROM calls))");
  const program = start();
  expect(await program.end(), program.output).toBe(1);
  expect(program.output).toMatch(/calls at seq \d+: 7 totals equal to metrics, 1 not .*average_speed_of_answer_sum_ms/);
});

test('where changes are lost everything is read anew', async () => {
  await sql("UPDATE kept SET value = 'k0-1' WHERE name LIKE 'cursor of %'");
  const printed = await load();
  expect(printed).toMatch(/^read: .*20000 contacts/m);
  expect(printed.match(/equal to metrics, 0 not/g)).toHaveLength(2);
});

test('the notebook runs', async () => {
  const notebook = join(folder, 'notebook.ipynb');
  await copyFile(join(example, 'notebook.ipynb'), notebook);
  await run(inEnvironment('jupyter'), ['execute', notebook, '--inplace'], { env: { ...process.env, WAREHOUSE: join(folder, 'warehouse.duckdb') } });
  const cells = JSON.parse(await readFile(notebook, 'utf8')).cells as { cell_type: string; outputs: { output_type: string; data?: object }[] }[];
  const outputs = cells.filter(({ cell_type }) => cell_type === 'code').map(({ outputs }) => outputs);
  expect(outputs.every((one) => one.length > 0 && one.every(({ output_type }) => output_type !== 'error'))).toBe(true);
  expect(outputs.flat().some(({ data }) => data !== undefined && 'image/png' in data)).toBe(true);
});

test('the CSV that Power Query reads has the columns and the sums of its page', async () => {
  const page = await readFile(join(example, 'POWER-QUERY.md'), 'utf8');
  for (const [, table] of page.matchAll(/^Read\("(\w+)"/gm)) expect(TABLES).toContain(table);
  // Each column has a type that the page knows, or stays text.
  const kinds = [...page.match(/Kinds = \[(.*)\]/)![1]!.matchAll(/(\w+) = /g)].map(([, kind]) => kind!);
  const { tables } = (await json(key, '/v1/data')) as { tables: { name: string; columns: { name: string; type: string }[] }[] };
  expect(tables.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  const types = new Set(tables.flatMap(({ columns }) => columns.map(({ type }) => type)));
  expect([...types].toSorted()).toEqual([...kinds, 'json', 'phone', 'text'].toSorted());
  const day = noonOfWorkday().slice(0, 10);
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  const range = `from=${day}T00:00:00Z&to=${next}T00:00:00Z`;
  const answer = await centre.ask(key, `/v1/data/queue_intervals?format=csv&${range}`, { headers: { accept: 'text/csv' } });
  const [head, ...rows] = (await answer.text()).trim().split('\r\n').map((line) => line.replace(/^"/, '').split('","'));
  const told = (await json(key, `/v1/metrics/summary?${range}&as_of_seq=${answer.headers.get('x-as-of-seq')}`)).total;
  for (const [, name] of page.matchAll(/queue_intervals\[(\w+_count)\]/g)) {
    const place = head!.indexOf(name!);
    expect(rows.reduce((sum, row) => sum + Number(row[place]), 0), name).toBe(told[name!]);
  }
  expect(told.answered_count).toBeGreaterThan(0);
});

test('its key writes nothing, and opens no recording and no contact', async () => {
  const [[call, recording]] = (await sql('SELECT call_id, id FROM recordings LIMIT 1')) as [[string, string]];
  const refused: [string, string][] = [
    ['POST', '/v1/data/contacts'],
    ['POST', '/v1/data/wraps'],
    ['POST', '/v1/contacts'],
    ['POST', '/v1/leads/batch'],
    ['POST', '/v1/calls'],
    ['PUT', `/v1/calls/${call}/wrap`],
    ['GET', `/v1/recordings/${recording}/content`],
    ['GET', '/v1/recordings'],
    ['GET', '/v1/contacts'],
    ['GET', '/v1/contacts/lookup?phone=0491570006'],
    ['GET', '/v1/wraps'],
    ['GET', '/v1/stream/agent-states'],
  ];
  for (const [method, path] of refused) {
    const body = method === 'GET' ? {} : { headers: { 'content-type': 'application/json' }, body: '{}' };
    const answer = await centre.ask(key, path, { method, ...body });
    expect([method, path, answer.status, (await answer.json()).code]).toEqual([method, path, 403, 'insufficient_scope']);
  }
});

test('it has all points of conformance', async () => {
  test.setTimeout(180_000);
  await beginConformance(centre, key, ['changes']);
  // Of the first table it is told what changed. Of the second that is lost, so the day is read anew.
  expect(await load()).toMatch(/^read: .*20000 contacts/m);
  expect(await missingPoints(centre, key)).toEqual([]);
});

function start(gateway = centre.gateway): Program {
  return new Program(join(example, 'main.py'), ['--out', folder], { KEYDESK_KEY: key, KEYDESK_GATEWAY: gateway });
}

/** Runs it to its end, and returns what it printed. */
async function load(): Promise<string> {
  const program = start();
  expect(await program.end(), program.output).toBe(0);
  return program.output;
}

/** A gateway that breaks off in the middle of one path. */
async function cuttingGateway(gateway: string, cut: string): Promise<{ address: string; server: Server }> {
  const server = createServer((asked, answer) => {
    const onward = send(`${gateway}${asked.url}`, { headers: { authorization: asked.headers.authorization } }, (told) => {
      answer.writeHead(told.statusCode!, told.headers);
      if (!asked.url!.startsWith(cut)) return void told.pipe(answer);
      told.once('data', (piece) => answer.write(piece, () => answer.destroy()));
    });
    onward.on('error', () => answer.destroy());
    onward.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address() as { port: number };
  return { address: `http://127.0.0.1:${address.port}`, server };
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

async function write(bearer: string, method: string, path: string, body: unknown): Promise<void> {
  const answer = await centre.ask(bearer, path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect(answer.ok, `${path}: ${await answer.text()}`).toBe(true);
}

/** Asks the warehouse, or changes it. */
async function sql(query: string): Promise<unknown[][]> {
  const script = 'import duckdb, json, sys\nprint(json.dumps(duckdb.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))';
  const { stdout } = await run(inEnvironment('python'), ['-c', script, join(folder, 'warehouse.duckdb'), query]);
  return JSON.parse(stdout);
}
