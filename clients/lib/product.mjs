// A product of its own, for as long as its descriptions are read.

import { spawn } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from './run.mjs';

const root = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;

/** Starts it with an empty contact centre, and waits until both descriptions can be read. */
export async function startProduct() {
  const binary = await program();
  const folder = await mkdtemp(join(tmpdir(), 'keydesk-clients-'));
  const config = join(folder, 'keydesk.toml');
  await writeFile(config, '[sandbox]\nenabled = true\nephemeral = true\nhistory_days = 0\n');
  const [listen, gateway] = [await freeAddress(), await freeAddress()];
  const place = ['--data-dir', folder, '--config', config];
  const child = spawn(binary, ['serve', ...place, '--listen', listen, '--gateway-listen', gateway], { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const until = Date.now() + READY_WITHIN_MS;
    await answers(`http://${listen}/readyz`, {}, child, until);
    const made = await run(binary, ['key', 'create', ...place, '--client-name', 'Generator', '--environment', 'test', '--scope', 'queues:read', '--json']);
    const { key } = JSON.parse(made);
    await answers(`http://${gateway}/v1/openapi.json`, { authorization: `Bearer ${key}` }, child, until);
    return { url: `http://${listen}`, gateway: `http://${gateway}`, key, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(address, headers, child, until) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`keydesk ended with ${child.exitCode}`);
    const answer = await fetch(address, { headers }).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > until) throw new Error(`${address} does not answer`);
    await pause(50);
  }
}

async function program() {
  const named = process.env.KEYDESK_BIN;
  for (const file of named ? [named] : ['release', 'debug'].map((profile) => join(root, 'target', profile, 'keydesk'))) {
    if (await access(file).then(() => true, () => false)) return file;
  }
  throw new Error('No binary of keydesk: build it (cargo xtask build), or name it in KEYDESK_BIN');
}

function freeAddress() {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => found(`127.0.0.1:${port}`));
    });
  });
}
