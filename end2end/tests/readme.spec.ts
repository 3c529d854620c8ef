import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { binary } from '../lib/server.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** The commands of the README, block by block. */
async function blocks(): Promise<string[]> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => (match[1] ?? '').trim());
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => found(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

test('the README begins with a picture, one paragraph and two commands', async () => {
  const text = (await readFile(join(root, 'README.md'), 'utf8')).replaceAll(/<!--.*?-->/gs, '').trim();
  const [picture, title, paragraph, command] = text.split('\n\n');
  expect(picture).toMatch(/^!\[.{20,}\]\(docs\/images\/first-call\.webp\)$/);
  expect(title).toBe('# Keydesk');
  expect(paragraph).toMatch(/^Keydesk is /);
  expect(command).toMatch(/^```sh/);
  expect((await blocks()).slice(0, 2)).toEqual(['cargo xtask serve', 'cargo xtask test']);
  const recording = await readFile(join(root, 'docs/images/first-call.webp'));
  expect(recording.subarray(0, 4).toString('latin1') + recording.subarray(8, 12).toString('latin1')).toBe('RIFFWEBP');
  expect(recording.includes('ANIM')).toBe(true);
  // It is downloaded with the page.
  expect(recording.length).toBeLessThan(2_000_000);
});

test('every file and test that the README names is there', async () => {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
  const specs = [...text.matchAll(/`([a-z-]+\.spec\.ts)`/g)].map((match) => `end2end/tests/examples/${match[1]}`);
  expect(specs).toHaveLength(5);
  const missing = await Promise.all(
    [...links, ...specs].map((file) => stat(join(root, file)).then(() => [], () => [file])),
  );
  expect(missing.flat()).toEqual([]);
  const proofs = [...text.matchAll(/`([a-z-]+\.spec\.ts)`: (“[^|]+”) \|/g)];
  expect(proofs).toHaveLength(5);
  for (const [, spec, named] of proofs) {
    const tests = await readFile(join(root, 'end2end/tests/examples', spec!), 'utf8');
    const names = [...named!.matchAll(/“([^”]+)”/g)].map((match) => match[1]!);
    for (const name of [...names, 'it has all points of conformance']) expect(tests, spec).toContain(`test('${name}', `);
    expect(names.length, spec).toBeGreaterThan(1);
  }
});

test('each of the five programs has less than 300 lines', async () => {
  for (const name of ['crm', 'workforce-management', 'quality-assurance', 'business-intelligence', 'live-widget']) {
    const folder = join(root, 'examples', name);
    const files = await readdir(folder, { recursive: true });
    const written = files.filter((file) => /\.(js|py|java|html|css)$/.test(file) && !/^(node_modules|venv|out|qa)\//.test(file));
    const texts = await Promise.all(written.map((file) => readFile(join(folder, file), 'utf8')));
    expect(texts.join('').split('\n').length, name).toBeLessThanOrEqual(300);
  }
});

test('every command of the README does what it says', async () => {
  test.setTimeout(480_000);
  const [serve, check, ...rest] = await blocks();
  expect(serve).toBe('cargo xtask serve');
  // This very test is part of what it runs.
  expect(check).toBe('cargo xtask test');

  const folder = await mkdtemp(join(tmpdir(), 'keydesk-readme-'));
  // Puts the tested binary where `cargo xtask serve` names the one that it has built.
  await mkdir(join(folder, 'target'));
  await symlink(dirname(binary), join(folder, 'target/bin'));
  const address = `127.0.0.1:${await freePort()}`;
  const gateway = `127.0.0.1:${await freePort()}`;
  // In a process group of its own, because cargo starts xtask, which becomes the server.
  const server = spawn('cargo', ['xtask', 'serve'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      KEYDESK_LISTEN: address,
      KEYDESK_GATEWAY_LISTEN: gateway,
      KEYDESK_DATA_DIR: join(folder, 'data'),
    },
  });
  let printed = '';
  server.stdout.on('data', (chunk) => (printed += String(chunk)));
  server.stderr.on('data', (chunk) => (printed += String(chunk)));
  try {
    await expect
      .poll(() => fetch(`http://${address}/readyz`).then((answer) => answer.ok, () => false), {
        timeout: 120_000,
      })
      .toBe(true);
    const script = rest.join('\n').replaceAll('127.0.0.1:3000', address).replaceAll('127.0.0.1:8080', gateway);
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder });
    expect(stdout).toContain('{"valid":true,"code":"VALID"');
    expect(stdout).toContain('"code":"REVOKED"');
    expect(stdout).toContain('"client_name":"Lobby screen"');
    expect(stdout).not.toContain('BAD');
    // What the contact centre says: figures, a caller, an agent, a call and its wrap, and events.
    expect(stdout).toContain('"offered_count"');
    expect(stdout).toMatch(/"matches":\[\{/);
    expect(stdout).toMatch(/"reason":"admin"/);
    expect(stdout).toContain('"code":"information"');
    expect(stdout).toContain('event: stream.hello');
    const begins = async (file: string) => (await readFile(join(folder, file))).subarray(0, 4).toString('latin1');
    expect(await begins('recording.wav')).toBe('RIFF');
    expect(await begins('calls.parquet')).toBe('PAR1');
  } finally {
    if (server.pid !== undefined) process.kill(-server.pid, 'SIGTERM');
    while (server.exitCode === null && server.signalCode === null) await pause(20);
    await rm(folder, { recursive: true, force: true });
  }
});
