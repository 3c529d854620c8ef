import { setTimeout as pause } from 'node:timers/promises';
import { binary, freePort, startServer, type Server } from './server.ts';

/** A debug build makes its history up within this. */
const OPEN_WITHIN_MS = 60_000;

export interface CentreOptions {
  /** Days of history that are made up before it opens: 2 without it. A day takes a second or more of a debug build. */
  days?: number;
  /** More lines of the section `[sandbox]` in the configuration, such as `shared_clock = true`. */
  sandbox?: string;
  /** More sections of the configuration: all but `[sandbox]`. */
  config?: string;
}

/** What a key has beside its scopes. */
export interface KeyExtra {
  name?: string;
  /** Test keys open the living contact centre; live ones nothing, here. */
  environment?: 'test' | 'live';
  /** More arguments of `keydesk key create`, such as `--allow-origin https://shop.example`. */
  args?: string[];
}

/**
 * The product as a customer meets it: `keydesk serve` with its Workspace and REST API, the gateway, and the living contact
 * centre behind that, in one process, on free ports.
 */
export interface Centre {
  /** The gateway's address, without a slash at its end: the value of `KEYDESK_GATEWAY`. */
  readonly gateway: string;
  /** The address of the Workspace and of `/api/v1`, without a slash at its end. */
  readonly workspace: string;
  /** The program that runs. */
  readonly binary: string;
  readonly dataDir: string;
  /** The server below, with what it has printed. */
  readonly server: Server;
  /** Makes a key of these scopes, or of a preset (`crm`, `workforce-management`), and returns it in full. */
  key(scopes: string[] | string, extra?: KeyExtra): Promise<string>;
  /** The same with its id, for `cli('key', 'disable', id)` and the like. */
  issue(scopes: string[] | string, extra?: KeyExtra): Promise<{ id: string; key: string }>;
  /** The Default API Key, with which services ask `/api/v1/keys/verify`. */
  defaultKey(): Promise<string>;
  /** Runs `keydesk ARGS` on the same data, and returns what it prints. */
  cli(...args: string[]): Promise<string>;
  /** Asks the gateway with a key. `path` begins with `/v1/`. */
  ask(key: string, path: string, init?: RequestInit): Promise<Response>;
  /** Stops the whole process as asked (open streams get 5 s), and starts it on the same ports and data. */
  restart(): Promise<void>;
  /** The same at once, as after a crash: with open streams this is the quicker way. */
  restartGateway(): Promise<void>;
  /** Ends the process as a crash would; `start()` goes on. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it, and removes its data. */
  stop(): Promise<void>;
}

/** Starts the product with its contact centre, and waits until that answers. Whoever starts it stops it. */
export async function startCentre(options: CentreOptions = {}): Promise<Centre> {
  const port = await freePort();
  const gateway = `http://127.0.0.1:${port}`;
  const config = `[sandbox]\nhistory_days = ${options.days ?? 2}\n${options.sandbox ?? ''}\n\n${options.config ?? ''}\n`;
  const server = await startServer({ config, args: ['--gateway-listen', `127.0.0.1:${port}`, '--sandbox'] });

  const issue = async (scopes: string[] | string, extra: KeyExtra = {}) => {
    const rights = typeof scopes === 'string' ? ['--preset', scopes] : scopes.flatMap((scope) => ['--scope', scope]);
    const named = ['--client-name', extra.name ?? 'Example', '--environment', extra.environment ?? 'test'];
    const printed = await server.cli('key', 'create', ...named, ...rights, ...(extra.args ?? []), '--json');
    return JSON.parse(printed) as { id: string; key: string };
  };
  const ask = (key: string, path: string, init: RequestInit = {}) =>
    fetch(`${gateway}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) } });

  let probe: string | undefined;
  const opened = async () => {
    probe ??= (await issue(['queues:read'], { name: 'Is it open?' })).key;
    const patience = Date.now() + OPEN_WITHIN_MS;
    let said = 'nothing';
    while (Date.now() < patience) {
      try {
        const answer = await ask(probe, '/v1/queues');
        if (answer.ok) return;
        said = `${answer.status} ${await answer.text()}`;
      } catch (error) {
        said = String(error);
      }
      await pause(50);
    }
    throw new Error(`the contact centre did not open: ${said}\n${server.output}`);
  };
  const start = async () => {
    await server.start();
    await opened();
  };
  try {
    await opened();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    gateway,
    workspace: server.url,
    binary,
    dataDir: server.dataDir,
    server,
    issue,
    ask,
    start,
    key: async (scopes, extra) => (await issue(scopes, extra)).key,
    defaultKey: async () => /ccc_live_[0-9A-Za-z]+/.exec(await server.cli('key', 'default', '--reveal'))![0],
    cli: (...args) => server.cli(...args),
    restart: async () => {
      await server.restart();
      await opened();
    },
    restartGateway: async () => {
      await server.kill();
      await start();
    },
    kill: () => server.kill(),
    stop: () => server.stop(),
  };
}

/** Begins a run of the sandbox's conformance for a key: what a program uses is what is played to it, and scored. */
export async function beginConformance(centre: Centre, key: string, uses: string[], headers: Record<string, string> = {}): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ uses }) };
  const answer = await centre.ask(key, '/v1/sandbox/conformance', init);
  if (answer.status !== 201) throw new Error(`conformance did not begin: ${answer.status} ${await answer.text()}`);
}

/** The checks of a run that have no points yet, with the reasons: none is left of a program that has the full score. */
export async function missingPoints(centre: Centre, key: string, headers: Record<string, string> = {}): Promise<string[]> {
  const told = (await (await centre.ask(key, '/v1/sandbox/conformance', { headers })).json()) as {
    checks: { name: string; points: number; of: number; reason: string | null }[];
    score_ratio: number | null;
  };
  const missing = told.checks.filter(({ points, of }) => points < of).map(({ name, reason }) => `${name}: ${reason}`);
  if ((told.score_ratio === 1) !== (missing.length === 0)) throw new Error(`the score is ${told.score_ratio}, and of its checks ${missing.length} lack points`);
  return missing;
}

/**
 * Half past the next hour whose day and hour in Sydney, such as `Sat 16`, match: for `POST /v1/sandbox/clock` with `{"action": "jump"}`,
 * where the world may be led, so that a test finds the same whatever the time is. Sales is open from 8 to 20 h, on Saturdays from 9 to 17 h
 * and on Sundays from 10 to 16 h. A debug build takes a second or two for a day.
 */
export function nextHour(wanted: RegExp, afterHours = 1): string {
  const style = { timeZone: 'Australia/Sydney', weekday: 'short', hour: '2-digit', hourCycle: 'h23' } as const;
  const clocks = new Intl.DateTimeFormat('en', style);
  const at = new Date(Date.now() + afterHours * 3_600_000);
  at.setUTCMinutes(30, 0, 0);
  while (!wanted.test(clocks.format(at).replace(',', ''))) at.setTime(at.getTime() + 3_600_000);
  return at.toISOString();
}

/** The same of a day from Monday to Friday. */
export const nextWeekday = (hour: number): string => nextHour(new RegExp(`^(Mon|Tue|Wed|Thu|Fri) ${String(hour).padStart(2, '0')}$`));
