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
