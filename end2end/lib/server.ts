import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** The program that is tested. */
export const binary = process.env.KEYDESK_BIN ?? resolve(import.meta.dirname, '../../target/release/keydesk');
const READY_WITHIN_MS = 30_000;

export interface Options {
  /** Kept when the server stops; without it, a new folder that goes with the server. */
  dataDir?: string;
  /** A database URL in place of SQLite in the data folder. */
  database?: string;
  /** The text of a configuration file. */
  config?: string;
  /** More arguments of `keydesk serve`. */
  args?: string[];
}

/** A running `keydesk serve` of its own, on a port of its own, as a user would start it. */
export class Server {
  readonly url: string;
  readonly dataDir: string;
  /** Everything that the process printed, for messages and for tests that look for secrets in it. */
  output = '';
  private process: ChildProcess | undefined;

  constructor(
    private readonly port: number,
    dataDir: string,
    private readonly ownsDataDir: boolean,
    private readonly database: string | undefined,
    private readonly config: string | undefined = undefined,
    private readonly args: string[] = [],
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.dataDir = dataDir;
  }

  /** Starts it, and waits until it can answer calls. */
  async start(): Promise<void> {
    const child = spawn(binary, ['serve', '--listen', `127.0.0.1:${this.port}`, ...this.place(), ...this.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    let failure = '';
    child.on('error', (error) => (failure = error.message));
    child.stdout.on('data', (chunk) => (this.output += String(chunk)));
    child.stderr.on('data', (chunk) => (this.output += String(chunk)));
    const patience = Date.now() + READY_WITHIN_MS;
    while (!(await this.ready())) {
      if (failure !== '' || child.exitCode !== null || Date.now() > patience) {
        await this.kill();
        throw new Error(`keydesk did not become ready: ${failure}\n${this.output}`);
      }
      await pause(25);
    }
  }

  /** Runs `keydesk ARGS` on the same data, and returns what it prints. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await run(binary, [...args, ...this.place()]);
    return stdout;
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
    if (this.ownsDataDir) await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Ends it as a power cut would. The data stay. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops it as asked, and starts it on the same port and data. */
  async restart(): Promise<void> {
    await this.end('SIGTERM');
    await this.start();
  }

  private place(): string[] {
    const database = this.database === undefined ? [] : ['--database', this.database];
    const config = this.config === undefined ? [] : ['--config', this.config];
    return ['--data-dir', this.dataDir, ...database, ...config];
  }

  private async ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  }
}

/** Starts a server. Whoever starts it stops it. */
export async function startServer(options: Options = {}): Promise<Server> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'keydesk-e2e-')));
  const config = options.config === undefined ? undefined : join(dataDir, 'keydesk.toml');
  if (config !== undefined) await writeFile(config, options.config!);
  const server = new Server(await freePort(), dataDir, options.dataDir === undefined, options.database, config, options.args);
  await server.start();
  return server;
}

/** A port of this machine that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === 'object' ? found(address.port) : failed(new Error('no port'))));
    });
  });
}
