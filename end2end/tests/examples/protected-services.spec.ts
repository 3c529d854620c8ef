import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as send, type Server as Proxy } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { freePort, startServer, type Server } from '../../lib/server.ts';

const run = promisify(execFile);
const examples = resolve(import.meta.dirname, '../../../examples/protected-services');
const GSON = '/usr/share/java/gson.jar';

interface Language {
  name: string;
  /** Gets what it needs, into `built` or beside it. */
  build(folder: string, built: string): Promise<unknown>;
  /** The program and its arguments. */
  command(folder: string, built: string, port: number): string[];
}

const LANGUAGES: Language[] = [
  {
    name: 'fastapi',
    build: async (folder) => {
      if (existsSync(join(folder, '.venv/bin/uvicorn'))) return;
      await run('python3', ['-m', 'venv', '.venv'], { cwd: folder });
      await run('.venv/bin/pip', ['install', '-q', '-r', 'requirements.txt'], { cwd: folder });
    },
    command: (folder, _, port) => [join(folder, '.venv/bin/uvicorn'), 'service:app', '--port', String(port)],
  },
  {
    name: 'express',
    build: async (folder) => existsSync(join(folder, 'node_modules/express')) || run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder }),
    command: () => [process.execPath, 'service.js'],
  },
  {
    name: 'java',
    build: (folder, built) => run('javac', ['-cp', GSON, '-d', built, 'Service.java'], { cwd: folder }),
    command: (_, built) => ['java', '-cp', `${GSON}:${built}`, 'Service'],
  },
  {
    name: 'csharp',
    build: (folder, built) => run('mcs', ['-r:System.Web.Extensions.dll', `-out:${built}/Service.exe`, 'Service.cs'], { cwd: folder }),
    command: (_, built) => ['mono', `${built}/Service.exe`],
  },
];

let keydesk: Server;
let between: Between;
let asking: string;

// What is not installed yet is fetched once.
test.describe.configure({ timeout: 300_000 });

test.beforeAll(async () => {
  keydesk = await startServer();
  between = await startBetween(keydesk.url);
  asking = (await make('Service', '--scope', 'keys:verify')).key;
});

test.afterAll(async () => {
  between?.proxy.close();
  between?.proxy.closeAllConnections();
  await keydesk?.stop();
});

for (const language of LANGUAGES) {
  test(`a service in ${language.name} lets in whom Keydesk lets in`, async () => {
    const folder = join(examples, language.name);
    const built = await mkdtemp(join(tmpdir(), 'keydesk-service-'));
    await language.build(folder, built);
    const port = await freePort();
    const [program, ...args] = language.command(folder, built, port);
    const env = { ...process.env, KEYDESK_URL: between.address, KEYDESK_KEY: asking, PORT: String(port) };
    const service = spawn(program!, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = listen(service);
    try {
      await check(`http://127.0.0.1:${port}/contacts`);
      expect(printed()).not.toMatch(/ccc_|eyJ/);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${printed()}`, { cause: error });
    } finally {
      service.kill();
      between.says = undefined;
      await rm(built, { recursive: true, force: true });
    }
  });
}

/** Asks a service as callers of all kinds do. */
async function check(address: string) {
  const ask = async (key?: string) => {
    const answer = await fetch(address, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } });
    const body = (await answer.json()) as { detail?: string; client?: string };
    return { status: answer.status, retry: answer.headers.get('retry-after'), challenge: answer.headers.get('www-authenticate'), ...body };
  };
  await expect.poll(() => ask().then(({ status }) => status, () => 'no answer'), { timeout: 20_000, intervals: [100] }).toBe(401);

  const acme = await make('Acme "CRM" \\ é', '--scope', 'contacts:read');
  expect(await ask(acme.key)).toMatchObject({ status: 200, client: 'Acme "CRM" \\ é' });

  const none = { status: 401, challenge: 'Bearer', detail: 'NOT_FOUND' };
  expect(await ask()).toMatchObject(none);
  expect(await ask('"}, "valid": true')).toMatchObject(none);
  expect(await ask(`${acme.key.slice(0, -1)}_`)).toMatchObject(none);

  const refused = async (code: string, ...settings: string[]) =>
    expect(await ask((await make(code, ...settings)).key)).toMatchObject({ status: 403, detail: code, challenge: null, retry: null });
  await refused('INSUFFICIENT_SCOPE', '--scope', 'calls:read');
  await refused('IP_NOT_ALLOWED', '--scope', 'contacts:read', '--allow-ip', '203.0.113.0/24');
  await refused('ENVIRONMENT_NOT_ALLOWED', '--scope', 'contacts:read', '--environment', 'test');
  await refused('QUOTA_EXCEEDED', '--scope', 'contacts:read', '--quota', 'none=0/day');

  const here = await make('Here', '--scope', 'contacts:read', '--allow-ip', '127.0.0.1');
  expect(await ask(here.key)).toMatchObject({ status: 200 });

  const slow = await make('Slow', '--scope', 'contacts:read', '--rate', 'default=1/60s');
  expect(await ask(slow.key)).toMatchObject({ status: 200 });
  const limited = await ask(slow.key);
  expect(limited).toMatchObject({ status: 429, detail: 'RATE_LIMITED' });
  expect(Number(limited.retry)).toBeGreaterThan(0);
  expect(Number(limited.retry)).toBeLessThanOrEqual(60);

  await keydesk.cli('key', 'disable', here.id);
  await keydesk.cli('key', 'delete', slow.id);
  // The server hears of what the command line does within a second.
  await expect.poll(() => ask(here.key).then(({ status, detail }) => `${status} ${detail}`)).toBe('401 DISABLED');
  await expect.poll(() => ask(slow.key).then(({ status, detail }) => `${status} ${detail}`)).toBe('401 REVOKED');

  for (const answer of [[500, '{"valid": true, "code": "VALID"}'], [200, '<html>'], [200, '{}'], [200, '[]'], [200, 'null'], 'hangs', 'breaks off'] as const) {
    between.says = answer;
    expect(await ask(acme.key), `where Keydesk answers ${answer}`).toMatchObject({ status: 503, retry: '5' });
  }
  between.says = [200, '{"valid": false, "code": "VALID", "client_name": "x"}'];
  expect((await ask(acme.key)).status).toBe(403);
  between.says = [200, '{"valid": false, "code": "OF_A_LATER_RELEASE"}'];
  expect((await ask(acme.key)).status).toBe(403);
  between.says = undefined;
  expect((await ask(acme.key)).status).toBe(200);
}

async function make(name: string, ...settings: string[]): Promise<{ id: string; key: string }> {
  return JSON.parse(await keydesk.cli('key', 'create', '--client-name', name, ...settings, '--json'));
}

function listen(service: ChildProcess): () => string {
  let printed = '';
  service.on('error', (error) => (printed += error.message));
  for (const stream of [service.stdout!, service.stderr!]) stream.on('data', (chunk) => (printed += String(chunk)));
  return () => printed;
}

interface Between {
  proxy: Proxy;
  address: string;
  /** What is answered in place of Keydesk. */
  says: readonly [number, string] | 'hangs' | 'breaks off' | undefined;
}

/** Stands between the services and Keydesk, so that Keydesk can fail. */
async function startBetween(keydesk: string): Promise<Between> {
  const between = { says: undefined } as unknown as Between;
  between.proxy = createServer((asked, response) => {
    const { says } = between;
    if (says === 'hangs') return;
    if (says === 'breaks off') return response.destroy();
    if (says !== undefined) return response.writeHead(says[0], { 'content-type': 'application/json' }).end(says[1]);
    const { host: _, ...headers } = asked.headers;
    const onward = send(`${keydesk}${asked.url}`, { method: asked.method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    asked.pipe(onward);
  });
  between.proxy.listen(0, '127.0.0.1');
  await once(between.proxy, 'listening');
  const address = between.proxy.address();
  between.address = `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`;
  return between;
}
