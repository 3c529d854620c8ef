// Whether a call is sent again, and when.

/** How often and how long a call is tried. */
export interface Retries {
  /** Tries of one call altogether; 1: it is never sent again. */
  readonly attempts: number;
  /** The first wait is at most this, in milliseconds; each further one at most twice the one before. */
  readonly baseMs: number;
  /** Where the server names no wait, none is longer than this. */
  readonly longestBackoffMs: number;
  /** A call whose `Retry-After` is longer than this is not waited for: its refusal is the result. */
  readonly longestWaitMs: number;
}

export const RETRIES: Retries = { attempts: 4, baseMs: 250, longestBackoffMs: 10_000, longestWaitMs: 60_000 };

/** What came of a try: a status with its `Retry-After`, or no answer. */
export type Outcome = { readonly status: number; readonly retryAfterMs: number | undefined } | 'unanswered';

const MAY_CHANGE = new Set([408, 429, 502, 503, 504]);

/** Milliseconds until the next try; undefined where there must be none. `random` is from 0 to 1. */
export function waitBefore(attempt: number, outcome: Outcome, repeatable: boolean, retries: Retries, random: number): number | undefined {
  if (attempt >= retries.attempts) return undefined;
  // A call that was sent and not answered may have been done. So may one that a server behind the gateway failed on.
  const nothingWasDone = outcome !== 'unanswered' && outcome.status === 429;
  if (!repeatable && !nothingWasDone) return undefined;
  if (outcome === 'unanswered') return backoff(attempt, retries, random);
  const notReadyYet = outcome.status === 409 && outcome.retryAfterMs !== undefined;
  if (!MAY_CHANGE.has(outcome.status) && !notReadyYet) return undefined;
  if (outcome.retryAfterMs === undefined) return backoff(attempt, retries, random);
  if (outcome.retryAfterMs > retries.longestWaitMs) return undefined;
  // Never sooner than was asked for, and not all at once.
  return outcome.retryAfterMs + Math.min(outcome.retryAfterMs, 500) * random;
}

/** A wait that nobody has named. */
export function backoff(attempt: number, retries: Retries, random: number): number {
  return Math.min(retries.baseMs * 2 ** (attempt - 1), retries.longestBackoffMs) * (0.25 + 0.75 * random);
}

/** Whether sending it twice is sending it once. */
export function isRepeatable(request: Request): boolean {
  return ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].includes(request.method) || request.headers.has('idempotency-key');
}

/** `Retry-After` in milliseconds; Keydesk sends seconds. */
export function retryAfterMs(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

const ID = /\/[0-9a-f]{8}-[0-9a-f-]{27}(?=\/|$)/g;

/** From when on calls of one kind may go out again: limits may be for some scopes, so one kind holds up no other. */
export class Pace {
  private readonly ends = new Map<string, number>();

  static kind(request: Request): string {
    return `${request.method} ${new URL(request.url).pathname.replace(ID, '')}`;
  }

  refused(kind: string, forMs: number): void {
    const now = performance.now();
    for (const [other, end] of this.ends) if (end <= now) this.ends.delete(other);
    this.ends.set(kind, Math.max(this.ends.get(kind) ?? 0, now + forMs));
  }

  leftMs(kind: string): number {
    return Math.max(0, (this.ends.get(kind) ?? 0) - performance.now());
  }
}

/** Waits, and ends at once where the signal does. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    if (signal?.aborted) return failed(signal.reason);
    const given = () => {
      clearTimeout(timer);
      failed(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', given);
      done();
    }, ms);
    signal?.addEventListener('abort', given, { once: true });
  });
}
