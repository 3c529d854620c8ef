// What happens in the contact centre, as it happens, across broken connections and restarts.

import { Refused } from './refused.js';
import type { Fetching } from './fetching.js';
import { backoff, pause, retryAfterMs } from './retry.js';
import { parse } from './sse.js';
import type { components } from './generated/contact-centre.js';

export type Feed = 'agent-states' | 'calls' | 'queues';

/** Something that has happened: `id` and `subject_seq` are absent where it tells what holds. */
export type Event = Omit<components['schemas']['Event'], 'id' | 'subject_seq' | 'actor'> &
  Partial<Pick<components['schemas']['Event'], 'id' | 'subject_seq' | 'actor'>>;

/** One thing that a stream tells; ignore kinds that you don't know. */
export type Item =
  /** What holds at one place of the log: forget what you knew. */
  | { readonly kind: 'snapshot'; readonly cursor: string; readonly items: readonly unknown[] }
  | { readonly kind: 'event'; readonly event: Event; readonly lastEventId: string | undefined }
  /** All that had happened meanwhile was told. */
  | { readonly kind: 'caught-up' }
  /** Something can't be told any more; a snapshot follows. */
  | { readonly kind: 'reset'; readonly reason: string };

export interface Follow {
  /** Such as `call.ended` or `call.*`. */
  readonly types?: readonly string[];
  readonly queueIds?: readonly string[];
  readonly agentIds?: readonly string[];
  /** Goes on after this event: the `lastEventId` that was kept when the program ended. */
  readonly after?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** The server sends at least a comment every 15 s; three of them don't get lost. */
const SILENT_MS = 45_000;

/** Follows a feed without an end. It throws where it is refused for good: the key has ended, or lacks the right. */
export async function* follow(fetching: Fetching, feed: Feed, options: Follow = {}): AsyncGenerator<Item, never, undefined> {
  const address = new URL(`/v1/stream/${feed}`, fetching.address);
  for (const [name, list] of Object.entries({ types: options.types, queue_ids: options.queueIds, agent_ids: options.agentIds })) {
    if (list !== undefined && list.length > 0) address.searchParams.set(name, list.join(','));
  }
  let last = options.after;
  for (let failed = 0; ; ) {
    const connection = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, connection.signal]) : connection.signal;
    let named: number | undefined;
    try {
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
      const answer = await watched(fetching.open(new Request(address, { headers, signal })), connection);
      if (!answer.ok || answer.body === null) {
        named = retryAfterMs(answer.headers);
        const passes = answer.status === 408 || answer.status === 429 || answer.status >= 500;
        const refused = await Refused.of(answer);
        if (!passes) throw refused;
      } else {
        const frames = parse(answer.body);
        for (;;) {
          const next = await watched(frames.next(), connection);
          if (next.done) break;
          failed = 0;
          const { id, type, data } = next.value;
          if (id !== undefined) last = id;
          if (type === '' || type === 'stream.hello') continue;
          const said = JSON.parse(data);
          // The stream ends, and nothing is lost for whoever comes back with the last id.
          if (type === 'stream.reset' && said.reason === 'slow_consumer') continue;
          if (type === 'stream.reset') last = undefined;
          if (type === 'stream.snapshot') yield { kind: 'snapshot', cursor: said.cursor, items: said.items };
          else if (type === 'stream.caught_up') yield { kind: 'caught-up' };
          else if (type === 'stream.reset') yield { kind: 'reset', reason: said.reason };
          else if (!type.startsWith('stream.')) yield { kind: 'event', event: said, lastEventId: last };
        }
      }
    } catch (error) {
      if (options.signal?.aborted || error instanceof Refused || error instanceof SyntaxError) throw error;
    } finally {
      // Also where whoever follows has had enough.
      connection.abort();
    }
    failed += 1;
    await pause((named ?? 0) + backoff(failed, fetching.retries, Math.random()), options.signal);
  }
}

/** The same, unless nothing comes for so long that the connection must be broken. */
async function watched<T>(promised: Promise<T>, connection: AbortController): Promise<T> {
  const timer = setTimeout(() => connection.abort(), SILENT_MS);
  try {
    return await promised;
  } finally {
    clearTimeout(timer);
  }
}
