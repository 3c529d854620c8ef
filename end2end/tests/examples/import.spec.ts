import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { freePort, startServer, type Server } from '../../lib/server.ts';

const run = promisify(execFile);
const examples = resolve(import.meta.dirname, '../../../examples/import-keys');

/** A system whose keys are brought over. */
interface Peer {
  name: string;
  /** Gets its packages. */
  install(folder: string): Promise<unknown>;
  /** Makes keys with its package, and returns them. */
  issue(folder: string, database: string): Promise<string>;
  /** The rows of those keys. */
  export(folder: string, database: string): Promise<string>;
  /** What a call with each key is. */
  expected: Record<string, string>;
}

const python = (folder: string) => join(folder, '.venv/bin/python');
const ofDjango = (database: string) => ({ ...process.env, DATABASE: database, DJANGO_SETTINGS_MODULE: 'project', PYTHONDONTWRITEBYTECODE: '1' });

const PEERS: Peer[] = [
  {
    name: 'better-auth',
    install: async (folder) => existsSync(join(folder, 'node_modules/better-auth')) || run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder }),
    issue: async (folder, database) => (await run(process.execPath, ['issue.mjs', database], { cwd: folder })).stdout,
    export: async (folder, database) => (await run(process.execPath, ['export.mjs', database, 'calls:read'], { cwd: folder })).stdout,
    expected: { crm: 'VALID', dialer: 'VALID', off: 'DISABLED' },
  },
  {
    name: 'django',
    install: async (folder) => {
      if (existsSync(join(folder, '.venv/installed'))) return;
      await run('python3', ['-m', 'venv', '.venv'], { cwd: folder });
      await run(python(folder), ['-m', 'pip', 'install', '-q', '-r', 'requirements.txt'], { cwd: folder });
      await writeFile(join(folder, '.venv/installed'), '');
    },
    issue: async (folder, database) => (await run(python(folder), ['issue.py'], { cwd: folder, env: ofDjango(database) })).stdout,
    export: async (folder, database) => (await run(python(folder), ['export.py', 'calls:read'], { cwd: folder, env: ofDjango(database) })).stdout,
    expected: { crm: 'VALID', dialer: 'VALID', gone: 'NOT_FOUND', slow: 'VALID' },
  },
];

// What is not installed yet is fetched once.
test.describe.configure({ timeout: 300_000 });

for (const peer of PEERS) {
  test(`the keys of ${peer.name} go on working`, async () => {
    const folder = join(examples, peer.name);
    const place = await mkdtemp(join(tmpdir(), 'keydesk-import-'));
    await peer.install(folder);
    const port = await freePort();
    const keydesk = await startServer({ args: ['--ops-listen', `127.0.0.1:${port}`] });
    try {
      await rehearse(peer, folder, place, keydesk, `http://127.0.0.1:${port}/metrics`);
    } finally {
      await keydesk.stop();
      await rm(place, { recursive: true, force: true });
    }
  });
}

async function rehearse(peer: Peer, folder: string, place: string, keydesk: Server, metrics: string) {
  const database = join(place, 'theirs.db');
  const keys = JSON.parse(await peer.issue(folder, database)) as Record<string, string>;
  const rows = join(place, 'keys.ndjson');
  await writeFile(rows, await peer.export(folder, database));
  const exported = (await readFile(rows, 'utf8')).trim().split('\n').length;
  for (const key of Object.values(keys)) expect(await readFile(rows, 'utf8'), 'no key leaves them').not.toContain(key);

  const summary = async (...args: string[]) => JSON.parse((await keydesk.cli('import', rows, ...args, '--json')).trim().split('\n').at(-1)!).summary;
  expect(await summary('--dry-run')).toMatchObject({ rows: exported, imported: exported, refused: 0, kept: false });
  const asking = JSON.parse(await keydesk.cli('key', 'create', '--client-name', 'Service', '--scope', 'keys:verify', '--json')).key as string;
  const code = async (key: string) => {
    const body = JSON.stringify({ key, scopes: ['calls:read'] });
    const headers = { authorization: `Bearer ${asking}`, 'content-type': 'application/json' };
    const answer = await fetch(`${keydesk.url}/api/v1/keys/verify`, { method: 'POST', headers, body });
    const told = (await answer.json()) as { code: string };
    return told.code;
  };
  for (const key of Object.values(keys)) expect(await code(key)).toBe('NOT_FOUND');

  expect(await summary()).toMatchObject({ rows: exported, imported: exported, kept: true });
  // The server hears of what the command line does within a second; it has forgotten by then that these were nobody's.
  for (const [name, expected] of Object.entries(peer.expected)) {
    await expect.poll(() => code(keys[name]!), { message: name, timeout: 20_000, intervals: [250, 1_100] }).toBe(expected);
  }
  expect(await code(`${keys.crm!.slice(0, -1)}_`), 'another key').toBe('NOT_FOUND');

  // Those that were used get digests of their own within seconds.
  const used = Object.values(peer.expected).filter((told) => told === 'VALID').length;
  const left = async () => {
    const text = await (await fetch(metrics)).text();
    return [...text.matchAll(/^keydesk_imported_secrets\{known_by="\w+"\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  await expect.poll(left, { timeout: 30_000 }).toBe(exported - used);
  for (const [name, expected] of Object.entries(peer.expected)) expect(await code(keys[name]!)).toBe(expected);
  expect(await summary()).toMatchObject({ imported: 0, unchanged: exported });
  for (const key of Object.values(keys)) expect(keydesk.output, 'no log has a key').not.toContain(key);
}
