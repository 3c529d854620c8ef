import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as send, type IncomingMessage, type Server as Proxy } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { inEnvironment, installPython } from '../../lib/python.ts';
import { binary, freePort, startServer, type Server } from '../../lib/server.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const examples = join(root, 'examples/protected-services');
/** `cargo xtask` builds it with the server. */
const AXUM = join(dirname(binary), 'examples/protected_service');

interface Language {
  name: string;
  /** The file that the documentation shows. */
  shown: string;
  /** Gets what it needs, into `built`. */
  build(folder: string, built: string): Promise<unknown>;
  /** The program and its arguments. */
  command(folder: string, built: string, port: number): string[];
}

const LANGUAGES: Language[] = [
  {
    name: 'axum',
    shown: join(root, 'crates/keydesk-client/examples/protected_service.rs'),
    build: async () => expect(existsSync(AXUM), `${AXUM} is built by cargo build -p keydesk-client --example protected_service`).toBe(true),
    command: () => [AXUM],
  },
  {
    name: 'fastapi',
    shown: join(examples, 'fastapi/service.py'),
    build: installPython,
    command: (folder, _, port) => [inEnvironment('python'), '-m', 'uvicorn', '--app-dir', folder, 'service:app', '--port', String(port)],
  },
  {
    name: 'express',
    shown: join(examples, 'express/service.js'),
    // In a folder beside that of the client, as a clone has both.
    build: async (_, built) => {
      const isMade = (path: string) => /node_modules|\/dist$|\/src\/generated$|\.tested/.test(path.slice(root.length));
      for (const part of ['examples/protected-services/express', 'clients/typescript']) {
        await cp(join(root, part), join(built, part), { recursive: true, filter: (path) => !isMade(path) });
      }
      await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: join(built, 'examples/protected-services/express') });
    },
    command: (_, built) => [process.execPath, join(built, 'examples/protected-services/express/service.js')],
  },
  {
    name: 'java',
    shown: join(examples, 'java/Service.java'),
    build: (folder, built) => run('javac', ['-d', built, join(folder, 'Service.java')]),
    command: (_, built) => ['java', '-cp', built, 'Service'],
  },
  {
    name: 'csharp',
    shown: join(examples, 'csharp/Service.cs'),
    build: (folder, built) => run('mcs', [`-out:${built}/Service.exe`, join(folder, 'Service.cs')]),
    command: (_, built) => ['mono', `${built}/Service.exe`],
  },
];

let keydesk: Server;
let between: Between;
let asking: string;

// What is not installed yet is fetched once.
test.describe.configure({ timeout: 300_000 });

test.beforeAll(async () => {
  // Those who ask as a proxy does are believed as one is.
  keydesk = await startServer({ config: 'trusted_proxies = ["127.0.0.1"]\n' });
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
    let service: ChildProcess | undefined;
    try {
      await language.build(folder, built);
      const port = await freePort();
      const [program, ...args] = language.command(folder, built, port);
      const env = { ...process.env, KEYDESK_URL: between.address, KEYDESK_KEY: asking, PORT: String(port) };
      service = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const printed = listen(service);
      await check(`http://127.0.0.1:${port}/contacts`).catch((error: Error) => {
        throw new Error(`${error.message}\n${printed()}`, { cause: error });
      });
      expect(printed()).not.toMatch(/ccc_|eyJ/);
    } finally {
      service?.kill();
      between.says = undefined;
      await rm(built, { recursive: true, force: true });
    }
  });
}

test('each is short enough to be read', async () => {
  for (const { name, shown } of LANGUAGES) {
    const lines = (await readFile(shown, 'utf8')).split('\n');
    expect(Math.max(...lines.map((line) => line.length)), name).toBeLessThanOrEqual(140);
    const isCode = (line: string) => !/^\s*($|\/\/|\/\*\*|"""|import |from |use |using [A-Z]|[\][(){}; ]+$)/.test(line);
    // Where there is a client. Without one there are some more.
    expect(lines.filter(isCode).length, name).toBeLessThanOrEqual(['java', 'csharp'].includes(name) ? 36 : 20);
  }
});

interface Answer {
  status: number;
  retry: string | undefined;
  challenge: string | undefined;
  code?: string;
  key_id?: string;
}

/** Asks a service as callers of all kinds do. */
async function check(address: string) {
  const ask = async (key?: string, from = '127.0.0.1'): Promise<Answer> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const sent = send(address, { headers, localAddress: from, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const piece of answer.setEncoding('utf8')) text += piece;
    const { 'retry-after': retry, 'www-authenticate': challenge } = answer.headers;
    return { status: answer.statusCode!, retry, challenge, ...(text === '' ? {} : JSON.parse(text)) };
  };
  await expect.poll(() => ask().then(({ status }) => status, () => 'no answer'), { timeout: 20_000, intervals: [100] }).toBe(401);

  const acme = await make('Acme "CRM" \\ é', '--scope', 'contacts:read');
  expect(await ask(acme.key)).toMatchObject({ status: 200, key_id: acme.id });

  expect(await ask()).toMatchObject({ status: 401, code: 'missing_key', challenge: 'Bearer realm="keydesk"' });
  const invalid = { status: 401, code: 'invalid_token', challenge: 'Bearer realm="keydesk", error="invalid_token"' };
  expect(await ask('"}, "valid": true')).toMatchObject(invalid);
  expect(await ask(`${acme.key.slice(0, -1)}_`)).toMatchObject(invalid);

  const refused = async (code: string, ...settings: string[]) => {
    const answer = await ask((await make(code, ...settings)).key);
    expect(answer, code).toMatchObject({ status: 403, code, retry: undefined });
    return answer;
  };
  const challenge = 'Bearer realm="keydesk", error="insufficient_scope", scope="contacts:read"';
  expect(await refused('insufficient_scope', '--scope', 'calls:read')).toMatchObject({ challenge });
  await refused('ip_not_allowed', '--scope', 'contacts:read', '--allow-ip', '203.0.113.0/24');
  await refused('environment_not_allowed', '--scope', 'contacts:read', '--environment', 'test');
  await refused('cost_exceeds_limit', '--scope', 'contacts:read', '--quota', 'none=0/day');

  // By the caller's address, and not by that of the service.
  const here = await make('Here', '--scope', 'contacts:read', '--allow-ip', '127.0.0.2');
  expect(await ask(here.key, '127.0.0.2')).toMatchObject({ status: 200, key_id: here.id });
  expect(await ask(here.key)).toMatchObject({ status: 403, code: 'ip_not_allowed' });

  const slow = await make('Slow', '--scope', 'contacts:read', '--rate', 'default=1/60s');
  expect(await ask(slow.key)).toMatchObject({ status: 200 });
  const limited = await ask(slow.key);
  expect(limited).toMatchObject({ status: 429, code: 'rate_limited' });
  expect(Number(limited.retry)).toBeGreaterThan(0);
  expect(Number(limited.retry)).toBeLessThanOrEqual(60);

  await keydesk.cli('key', 'disable', here.id);
  await keydesk.cli('key', 'delete', slow.id);
  // The server hears of what the command line does within a second.
  for (const key of [here.key, slow.key]) {
    await expect.poll(() => ask(key, '127.0.0.2').then(({ status, code }) => `${status} ${code}`)).toBe('401 invalid_token');
  }

  for (const answer of [[500, '{"valid": true, "code": "VALID"}'], [302, ''], [200, '<html>'], [200, '{}'], [200, '[]'], [200, 'null'], 'hangs', 'breaks off'] as const) {
    between.says = answer;
    expect(await ask(acme.key), `where Keydesk answers ${answer}`).toMatchObject({ status: 503, retry: '1' });
  }
  for (const verdict of ['{"valid": false, "code": "VALID", "client_name": "x"}', '{"valid": false, "code": "OF_A_LATER_RELEASE"}', '{"valid": true, "code": "VALID"}']) {
    between.says = [200, verdict];
    expect((await ask(acme.key)).status, verdict).toBeGreaterThan(400);
  }
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
