import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
export const folder = resolve(import.meta.dirname, '../../docs/snippets');

/** Every language in which each topic is shown, by the end of its files' names. */
export const LANGUAGES = ['sh', 'py', 'mjs', 'java', 'cs', 'php', 'go'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Of Mono's programs that use HttpClient one in ten or so stands still for a minute, which .NET's don't: such a one is started again. */
const STILL_MS = 8_000;
const STARTS_MAX = 4;

const GSON = '/usr/share/java/gson.jar';
const NEWTONSOFT = '/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll';

/** Mono's compiler takes no `async Main`, and one program has one entry point: this one calls the `Main` of the class that is named. */
const ENTRY = `
static class Entry
{
    static void Main(string[] args)
    {
        const System.Reflection.BindingFlags Any = System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic;
        var main = System.Reflection.Assembly.GetExecutingAssembly().GetType(args[0]).GetMethod("Main", Any);
        var given = main.GetParameters().Length == 0 ? new object[0] : new object[] { System.Linq.Enumerable.ToArray(System.Linq.Enumerable.Skip(args, 1)) };
        var task = main.Invoke(null, given) as System.Threading.Tasks.Task;
        if (task != null) task.GetAwaiter().GetResult();
        System.Environment.Exit(0);
    }
}
`;

/** What a snippet did. */
export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** `call-make` is the class `CallMake`. */
const className = (topic: string) => topic.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The snippets, compiled where their language asks for it, each language in one go. */
export class Snippets {
  private constructor(
    private readonly built: string,
    private readonly gateway: string,
  ) {}

  static async build(gateway: string): Promise<Snippets> {
    const built = await mkdtemp(join(tmpdir(), 'keydesk-snippets-'));
    const files = await readdir(folder);
    const of = (language: Language) => files.filter((file) => file.endsWith(`.${language}`));
    for (const library of [GSON, NEWTONSOFT]) {
      if (!existsSync(library)) throw new Error(`${library} is not here: docs/snippets/README.md names the packages`);
    }
    const java = async () => {
      const sources = of('java').map((file) => join(folder, file));
      await execute('javac', ['-Xlint:all', '-Werror', '-cp', GSON, '-d', join(built, 'java'), ...sources]);
    };
    const csharp = async () => {
      await writeFile(join(built, 'Entry.cs'), ENTRY);
      const sources = [...of('cs').map((file) => join(folder, file)), join(built, 'Entry.cs')];
      const libraries = ['-r:System.Net.Http', `-r:${NEWTONSOFT}`];
      await execute('mcs', ['-langversion:latest', '-main:Entry', `-out:${join(built, 'snippets.exe')}`, ...libraries, ...sources]);
    };
    const go = async () => {
      await writeFile(join(built, 'go.mod'), 'module snippets\n\ngo 1.19\n');
      for (const file of of('go')) {
        const program = join(built, file.slice(0, -3));
        await mkdir(program);
        await copyFile(join(folder, file), join(program, 'main.go'));
      }
      await mkdir(join(built, 'bin'));
      await execute('go', ['build', '-o', `${join(built, 'bin')}/`, './...'], { cwd: built });
    };
    await Promise.all([java().then(csharp), go()]);
    return new Snippets(built, gateway);
  }

  async remove(): Promise<void> {
    await rm(this.built, { recursive: true, force: true });
  }

  /** A folder in which a snippet can write. */
  async place(): Promise<string> {
    return mkdtemp(join(this.built, 'in-'));
  }

  private command(language: Language, topic: string): [string, ...string[]] {
    const file = join(folder, `${topic}.${language}`);
    switch (language) {
      case 'sh':
        return ['bash', '-euo', 'pipefail', file];
      case 'py':
        return ['python3', file];
      case 'mjs':
        return ['node', file];
      case 'java':
        return ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${join(this.built, 'java')}:${GSON}`, className(topic)];
      case 'cs':
        return ['mono', join(this.built, 'snippets.exe'), className(topic)];
      case 'php':
        return ['php', file];
      case 'go':
        return [join(this.built, 'bin', topic)];
    }
  }

  start(language: Language, topic: string, key: string, args: string[], place: string): ChildProcess {
    const [program, ...rest] = this.command(language, topic);
    const { HOME, PATH } = process.env;
    return spawn(program, [...rest, ...args], {
      cwd: place,
      // In a group of its own: bash has curl as a child.
      detached: true,
      env: { HOME, PATH, MONO_PATH: '/usr/lib/cli/Newtonsoft.Json-5.0', MONO_THREADS_PER_CPU: '20', LC_ALL: 'C.UTF-8', KEYDESK_KEY: key, KEYDESK_GATEWAY: this.gateway },
    });
  }

  async run(language: Language, topic: string, key: string, args: string[] = [], more: { input?: Buffer; place?: string } = {}): Promise<Ran> {
    const place = more.place ?? (await this.place());
    for (let starts = 1; ; starts += 1) {
      const ran = await this.once(language, topic, key, args, place, more.input);
      if (ran.status !== null || language !== 'cs' || starts === STARTS_MAX) return ran;
    }
  }

  private async once(language: Language, topic: string, key: string, args: string[], place: string, input?: Buffer): Promise<Ran> {
    const child = this.start(language, topic, key, args, place);
    const ran: Ran = { status: null, stdout: '', stderr: '' };
    child.stdout!.on('data', (chunk) => (ran.stdout += String(chunk)));
    child.stderr!.on('data', (chunk) => (ran.stderr += String(chunk)));
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(input);
    const still = setTimeout(() => child.kill('SIGKILL'), language === 'cs' ? STILL_MS : 30_000);
    ran.status = await new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', done);
    });
    clearTimeout(still);
    return ran;
  }
}
