// `fetch` with the key, tried again where that is safe.

import { Pace, RETRIES, type Retries, isRepeatable, pause, retryAfterMs, waitBefore } from './retry.js';

export interface Options {
  /** Where Keydesk or its gateway is, such as `https://keydesk.example.com`. */
  readonly address: string;
  /** The key, or a token that stands in for it. */
  readonly key: string;
  /** How often and how long a call is tried. */
  readonly retries?: Partial<Retries>;
  /** How long one try may take, in milliseconds; 30,000 when not given. Streams have no end. */
  readonly timeoutMs?: number;
  /** In place of the platform's own. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** What calls and streams are made with. The key is in a private field: it is not printed with the object. */
export class Fetching {
  readonly address: string;
  readonly retries: Retries;
  readonly #key: string;
  readonly #timeoutMs: number;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #pace = new Pace();

  constructor(options: Options) {
    const address = new URL(options.address);
    if (!['http:', 'https:'].includes(address.protocol)) throw new TypeError('The address is no http or https address');
    this.address = address.origin;
    this.retries = { ...RETRIES, ...options.retries };
    this.#key = options.key.trim();
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#fetch = options.fetch ?? ((request) => fetch(request));
  }

  /** Sends it once, with the key. */
  open(request: Request): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${this.#key}`);
    return this.#fetch(new Request(request, { headers, redirect: 'error' }));
  }

  /** Sends it until it is answered for good. */
  async send(first: Request): Promise<Response> {
    const request = named(first);
    const kind = Pace.kind(request);
    for (let attempt = 1; ; attempt += 1) {
      const left = this.#pace.leftMs(kind);
      if (left > 0 && left <= this.retries.longestWaitMs) await pause(left, request.signal);
      const answer = await this.#try(request.clone());
      if (answer instanceof Response && answer.ok) return answer;
      const retryAfter = answer instanceof Response ? retryAfterMs(answer.headers) : undefined;
      if (answer instanceof Response && answer.status === 429 && retryAfter !== undefined) this.#pace.refused(kind, retryAfter);
      const outcome = answer instanceof Response ? { status: answer.status, retryAfterMs: retryAfter } : 'unanswered';
      const wait = waitBefore(attempt, outcome, isRepeatable(request), this.retries, Math.random());
      if (wait === undefined) {
        if (answer instanceof Response) return answer;
        throw answer.error;
      }
      if (answer instanceof Response) await answer.body?.cancel();
      await pause(wait, request.signal);
    }
  }

  async #try(request: Request): Promise<Response | { error: unknown }> {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(this.#timeoutMs)]);
    try {
      return await this.open(new Request(request, { signal }));
    } catch (error) {
      if (request.signal.aborted) throw error;
      return { error };
    }
  }
}

/** A `POST` that the server keeps under a name gets one, so that it is done once however often it is sent. */
function named(request: Request): Request {
  const path = new URL(request.url).pathname;
  const keeps =
    (path.startsWith('/v1/') && !path.startsWith('/v1/data/') && path !== '/v1/live/tokens') ||
    path === '/api/v1/keys' ||
    /^\/api\/v1\/keys\/[^/]+\/rotate$/.test(path);
  if (request.method !== 'POST' || !keeps || request.headers.has('idempotency-key')) return request;
  const headers = new Headers(request.headers);
  headers.set('idempotency-key', crypto.randomUUID());
  return new Request(request, { headers });
}
