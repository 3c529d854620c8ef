// Whether somebody's call of a service of one's own may go ahead. `express.ts` puts it in front of a service.

import { Fetching, type Options } from './fetching.js';

/** How long Keydesk may take to decide, tries included. */
const WITHIN_MS = 2_000;

/** Who calls. */
export interface Caller {
  /** The key. */
  readonly keyId: string;
  /** Whom it was made for. */
  readonly clientName: string;
  /** Which data it reaches. */
  readonly environment: 'live' | 'test';
  /** What it may do. */
  readonly scopes: readonly string[];
  /** What a derived token is narrowed to: ids by their kind, such as `queue`. The service has to keep to it. Undefined: all that its key reaches. */
  readonly resources: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What a key needs. */
export interface Wanted {
  /** Rights, all of them. */
  readonly scopes?: readonly string[];
  /** Keys of this environment alone; those of both when not given. */
  readonly environment?: 'live' | 'test';
}

/** A call, as the service knows it. */
export interface Asked {
  readonly key: string;
  /** Where it came from. Without it keys that are bound to addresses are refused. */
  readonly ip: string | undefined;
  /** The web origin that it came from. */
  readonly origin: string | undefined;
}

/** What a caller who is not let through is told: the statuses and codes that Keydesk itself answers in front of an API. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly challenge?: string;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly requestId?: string;
}

/** What Keydesk says of a call. Whoever is let in has all but the last fields. */
export interface Verdict {
  readonly valid?: boolean;
  readonly code: string;
  readonly request_id?: string;
  readonly key_id?: string;
  readonly client_name?: string;
  readonly environment?: 'live' | 'test';
  readonly scopes?: readonly string[];
  readonly resources?: Readonly<Record<string, readonly string[]>>;
  readonly missing_scopes?: readonly string[];
  readonly retry_after_seconds?: number | null;
}

const REALM = 'Bearer realm="keydesk"';
export const MISSING: Refusal = { status: 401, code: 'missing_key', title: 'An API key is needed', challenge: REALM };
export const UNCLEAR: Refusal = { status: 400, code: 'invalid_request', title: 'The headers name more than one API key' };
/** Keydesk could not be asked. Nobody is let through meanwhile. */
export const UNAVAILABLE: Refusal = { status: 503, code: 'unavailable', title: "The API key can't be checked now", retryAfter: 1 };

/** The one key of a call, in `Authorization: Bearer` or `X-API-Key`. */
export function presented(authorization: readonly string[], apiKey: readonly string[]): string | Refusal {
  const bearer = authorization.map((value) => /^\s*bearer\s+(.*)$/i.exec(value)?.[1] ?? '');
  const keys = new Set([...bearer, ...apiKey].map((key) => key.trim()).filter((key) => key !== ''));
  const [key, other] = keys;
  if (key === undefined) return MISSING;
  return other === undefined ? key : UNCLEAR;
}

/** Asks Keydesk, and says who calls or what they are told. Whoever can't be checked is not let in. */
export function deciding(keydesk: Options, { scopes = [], environment }: Wanted): (call: Asked) => Promise<Caller | Refusal> {
  const fetching = new Fetching(keydesk);
  const headers = { 'content-type': 'application/json' };
  return async (call) => {
    const body = JSON.stringify({ ...call, scopes, environment });
    const question = { method: 'POST', headers, body, signal: AbortSignal.timeout(WITHIN_MS) };
    try {
      const answer = await fetching.send(new Request(`${fetching.address}/api/v1/keys/verify`, question));
      if (!answer.ok) return UNAVAILABLE;
      return judged((await answer.json()) as Verdict);
    } catch {
      return UNAVAILABLE;
    }
  };
}

/** Throws where the verdict is none. */
function judged(verdict: Verdict): Caller | Refusal {
  const { valid, code, key_id: keyId, client_name: clientName, environment, scopes, resources, request_id: requestId } = verdict;
  if (typeof valid !== 'boolean' || typeof code !== 'string') throw new TypeError('That is no verdict');
  if (!valid || code !== 'VALID') return { ...refusal(verdict), ...(requestId === undefined ? {} : { requestId }) };
  if (keyId === undefined || clientName === undefined || environment === undefined || scopes === undefined) throw new TypeError('That names no key');
  return { keyId, clientName, environment, scopes, resources };
}

/** What is told of a verdict that lets nobody in. */
export function refusal(verdict: Verdict): Refusal {
  const { code, missing_scopes: missing = [], retry_after_seconds: wait } = verdict;
  switch (code) {
    case 'ENVIRONMENT_NOT_ALLOWED':
      return { status: 403, code: 'environment_not_allowed', title: 'The API key is of another environment' };
    case 'IP_NOT_ALLOWED':
      return { status: 403, code: 'ip_not_allowed', title: 'The API key may not be used from this address' };
    case 'ORIGIN_NOT_ALLOWED':
      return { status: 403, code: 'origin_not_allowed', title: 'The API key may not be used from this origin' };
    case 'INSUFFICIENT_SCOPE': {
      const challenge = `${REALM}, error="insufficient_scope", scope="${missing.join(' ')}"`;
      return { status: 403, code: 'insufficient_scope', title: 'The API key lacks a scope', challenge };
    }
    case 'RATE_LIMITED':
    case 'QUOTA_EXCEEDED':
      if (typeof wait !== 'number') return { status: 403, code: 'cost_exceeds_limit', title: 'No waiting lets this call in' };
      return { status: 429, code: code.toLowerCase(), title: 'Too many calls', retryAfter: wait };
    default:
      // Keys that are unknown, over or switched off are told alike, and so is a reason that this version does not know.
      return { status: 401, code: 'invalid_token', title: 'The API key is not valid', challenge: `${REALM}, error="invalid_token"` };
  }
}
