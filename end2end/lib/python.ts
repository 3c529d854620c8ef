import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
/** One environment for all examples in Python, so that their packages are installed once. */
const environment = resolve(root, 'target/examples/python');
const examples = ['workforce-management', 'business-intelligence', 'protected-services/fastapi'];

/** A program of the environment, such as `python`. */
export const inEnvironment = (program: string) => resolve(environment, 'bin', program);

/** Makes the environment, where it is not there or the examples ask for other versions. Of two who want it one makes it. */
export async function installPython(): Promise<void> {
  await mkdir(environment, { recursive: true });
  const wanted = examples.map((name) => resolve(root, 'examples', name, 'requirements.txt'));
  const script = `
    set -e
    dir=$1; shift
    client=$1; shift
    if cat "$client" "$@" | cmp -s - "$dir/installed"; then exit 0; fi
    python3 -m venv "$dir"
    for file in "$@"; do (cd "$(dirname "$file")"; "$dir/bin/pip" install -q --disable-pip-version-check -r "$file"); done
    cat "$client" "$@" > "$dir/installed"`;
  // The client, which they name by its folder, has needs of its own.
  const client = resolve(root, 'clients/python/pyproject.toml');
  await run('flock', [resolve(environment, '.lock'), 'sh', '-c', script, 'install', environment, client, ...wanted]);
}

/** A program in Python that runs, and what it has printed so far. */
export class Program {
  output = '';
  private readonly process: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor(file: string, args: string[], env: Record<string, string>) {
    const given = { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONUNBUFFERED: '1', ...env };
    this.process = spawn(inEnvironment('python'), [file, ...args], { env: given, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => (this.output += `${line}\n`));
    }
    this.ended = new Promise((done) => this.process.once('close', done));
  }

  /** Waits until it has ended, and returns its exit code. */
  end(): Promise<number | null> {
    return this.ended;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.process.exitCode === null) this.process.kill('SIGKILL');
    await this.ended;
  }
}
