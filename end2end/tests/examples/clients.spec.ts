import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { startCentre, type Centre } from '../../lib/examples.ts';

const run = promisify(execFile);
const clients = resolve(import.meta.dirname, '../../../clients');
const python = { folder: join(clients, 'python'), bin: join(clients, 'python/.venv/bin') };
const typescript = { folder: join(clients, 'typescript'), compiled: join(clients, 'typescript/.tested') };

/** The programs of both clients, by what they do. */
const PROGRAMS = {
  Python: (name: string) => [join(python.bin, 'python'), join(python.folder, 'examples', `${name}.py`)],
  TypeScript: (name: string) => [process.execPath, join(typescript.compiled, `${name}.js`)],
};

let centre: Centre;

// One product, and one generation, which the programs of the later tests are made of.
test.describe.configure({ mode: 'serial' });
test.beforeAll(async () => {
  // The generators are installed once, which is for the network to take its time for.
  test.setTimeout(240_000);
  const tools = run(process.execPath, [join(clients, 'generate.mjs'), '--tools']);
  [centre] = await Promise.all([startCentre({ days: 0 }), tools]);
});
test.afterAll(() => centre.stop());

test('what is generated today is what generated.json says', async () => {
  test.setTimeout(180_000);
  const env = { ...process.env, KEYDESK_URL: centre.workspace, KEYDESK_GATEWAY: centre.gateway, KEYDESK_KEY: await centre.key(['queues:read']) };
  const { stdout } = await run(process.execPath, [join(clients, 'generate.mjs'), '--check'], { env });
  expect(stdout).toContain('generated, as generated.json has it');
});

test('both layers are typed strictly, and their packages are whole', async () => {
  test.setTimeout(180_000);
  const wheels = await mkdtemp(join(tmpdir(), 'keydesk-wheel-'));
  const mypy = run(join(python.bin, 'mypy'), [], { cwd: python.folder });
  const wheel = run(join(python.bin, 'hatchling'), ['build', '-t', 'wheel', '-d', wheels], { cwd: python.folder });
  // The newest compiler, which checks in a second what took the one of the generator ten.
  const tsc = resolve(import.meta.dirname, '../../node_modules/.bin/tsc');
  await Promise.all([
    mypy,
    run(tsc, ['-p', 'tsconfig.build.json'], { cwd: typescript.folder }).then(() =>
      // They import the package by its name.
      run(tsc, ['-p', 'tsconfig.examples.json'], { cwd: typescript.folder }),
    ),
    wheel,
  ]);
  const { stdout: packed } = await run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { cwd: typescript.folder });
  const names = (JSON.parse(packed) as { files: { path: string }[] }[])[0]!.files.map((file) => file.path);
  expect(names).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/express.js', 'dist/express.d.ts', 'dist/generated/management.d.ts', 'README.md', 'LICENSE']));
  const { stdout: listed } = await run(join(python.bin, 'python'), ['-m', 'zipfile', '-l', join(wheels, 'keydesk_client-1.0.0rc1-py3-none-any.whl')]);
  for (const name of ['keydesk/__init__.py', 'keydesk/fastapi.py', 'keydesk/py.typed', 'keydesk/contact_centre/api/calls/post_calls.py', 'keydesk/management/models/key.py']) {
    expect(listed).toContain(name);
  }
  await rm(wheels, { recursive: true });
});

test('the rules of both layers hold', async () => {
  await Promise.all([
    run(join(python.bin, 'python'), ['-m', 'unittest', 'discover', '-s', 'tests'], { cwd: python.folder }),
    run(process.execPath, ['--test', 'tests/'], { cwd: typescript.folder }),
  ]);
});

test('a program of each waits after 429, and goes on', async () => {
  const numbers = ['+61 491 570 006', 'anonymous', '0491 570 156'];
  const looksUp = async ([language, program]: [string, (name: string) => string[]]) => {
    const { id, key } = await centre.issue(['contacts:read'], { name: language, args: ['--rate', 'default=1/2s'] });
    const begun = performance.now();
    const [command, ...args] = program('look_up');
    const { stdout } = await run(command!, [...args, ...numbers], { env: environment(key) });
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.split(':')[0]), language).toEqual(numbers);
    expect(lines[1], 'a number that nobody tells is nobody’s').toBe('anonymous: nobody');
    // One call in two seconds: the third is let in four seconds after the first.
    expect(performance.now() - begun, language).toBeGreaterThan(3_900);
    await expect.poll(() => refusedCalls(id), { message: language }).toEqual(['RATE_LIMITED']);
  };
  await Promise.all(Object.entries(PROGRAMS).map(looksUp));
});

test('a program of each says why it is refused, without the key', async () => {
  const key = await centre.key(['queues:read']);
  const refused = Object.values(PROGRAMS).flatMap((program) => ['look_up', 'follow_calls'].map(program));
  await Promise.all(
    refused.map(async ([command, ...args]) => {
      const failed = await run(command!, [...args, 'k0-1'], { env: environment(key) }).catch((error: { code: number; stderr: string }) => error);
      expect(failed, args[0]).toMatchObject({ code: 1, stderr: expect.stringContaining('403 insufficient_scope') });
      expect(failed.stderr).not.toContain(key);
    }),
  );
});

test('a stream of each goes on across a restart, without a hole and without a repetition', async () => {
  const key = await centre.key(['calls:read']);
  const streams = Object.entries(PROGRAMS).map(([language, program]) => new Lines(language, program('follow_calls'), environment(key)));
  try {
    for (const stream of streams) await expect.poll(() => stream.kinds()[0], { message: stream.output }).toBe('snapshot');
    await somebodyCalls(3);
    for (const stream of streams) await expect.poll(() => stream.events().length, { message: stream.language }).toBeGreaterThan(2);
    const before = streams.map((stream) => stream.events().length);
    await centre.restartGateway();
    await somebodyCalls(3);
    for (const [at, stream] of streams.entries()) {
      await expect.poll(() => stream.events().length, { message: stream.language, timeout: 20_000 }).toBeGreaterThan(before[at]! + 2);
      expect(stream.kinds().filter((kind) => kind !== 'event'), stream.language).toEqual(['snapshot']);
      const counts = new Map<string, number>();
      let last = 0;
      for (const event of stream.events()) {
        expect(event.seq, stream.language).toBeGreaterThan(last);
        last = event.seq;
        const earlier = counts.get(event.subject);
        if (earlier !== undefined) expect(event.subject_seq, `${stream.language}, ${event.id}`).toBe(earlier + 1);
        counts.set(event.subject, event.subject_seq);
      }
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.end()));
  }
});

test('a stream begins anew, and says so, where the place is no more', async () => {
  const key = await centre.key(['calls:read']);
  for (const [language, program] of Object.entries(PROGRAMS)) {
    const stream = new Lines(language, [...program('follow_calls'), 'k0-1'], environment(key));
    await expect.poll(() => stream.kinds().slice(0, 2), { message: stream.output }).toEqual(['reset', 'snapshot']);
    await stream.end();
  }
});

interface Event {
  seq: number;
  subject: string;
  subject_seq: number;
  id: string;
}

/** A program that writes a line of JSON for each thing. */
class Lines {
  output = '';
  private readonly child: ChildProcess;

  constructor(readonly language: string, [command, ...args]: string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(command!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (chunk) => (this.output += String(chunk)));
    this.child.stderr!.on('data', (chunk) => (this.output += String(chunk)));
  }

  kinds(): string[] {
    return this.lines().map((line) => line.kind);
  }

  events(): Event[] {
    return this.lines().filter((line) => line.kind === 'event');
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await ended;
  }

  private lines(): (Event & { kind: string })[] {
    // What comes after the last end of a line is not whole yet.
    return this.output.split('\n').slice(0, -1).map((line) => JSON.parse(line));
  }
}

function environment(key: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, KEYDESK_KEY: key, KEYDESK_GATEWAY: centre.gateway };
}

async function somebodyCalls(times: number): Promise<void> {
  const key = await centre.key(['queues:read']);
  const { items } = (await (await centre.ask(key, '/v1/queues')).json()) as { items: { id: string }[] };
  for (let call = 0; call < times; call += 1) {
    const body = JSON.stringify({ queue_id: items[0]!.id, from: '+61 491 570 006' });
    const answer = await centre.ask(key, '/v1/sandbox/calls', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(answer.ok, await answer.text()).toBe(true);
  }
}

/** For which reasons calls with this key were refused. */
async function refusedCalls(id: string): Promise<string[]> {
  const reader = await centre.key(['usage:read', 'keys:read'], { environment: 'live' });
  const answer = await fetch(`${centre.workspace}/api/v1/keys/${id}/usage?step=day`, { headers: { authorization: `Bearer ${reader}` } });
  const { points } = (await answer.json()) as { points: { denied: Record<string, number> }[] };
  return [...new Set(points.flatMap((point) => Object.keys(point.denied)))];
}
