// Lets in whom Keydesk lets in, in Express and whatever else has its middleware.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Options } from './fetching.js';
import { type Caller, type Refusal, type Wanted, deciding, presented } from './protect.js';

export type { Caller, Wanted } from './protect.js';

/** A request, and who calls once it was let in. Express knows `ip`, behind a proxy by its setting `trust proxy`. */
export type Protected = IncomingMessage & { ip?: string | undefined; caller?: Caller };

/**
 * Middleware that lets a request through if it came with a key that Keydesk allows; `request.caller` then says who calls, and the key is
 * no longer among its headers. The key in `keydesk` needs `keys:verify`.
 *
 * Every request is asked for at Keydesk. A refused one is answered by a problem document, with the statuses and codes of Keydesk: 401, 403 or
 * 429. When Keydesk can't be asked, or takes more than 2 s, the answer is 503 and nobody is let through.
 */
export function protect(keydesk: Options, wanted: Wanted = {}): (request: Protected, response: ServerResponse, next: () => void) => Promise<void> {
  const decide = deciding(keydesk, wanted);
  return async (request, response, next) => {
    const { authorization = [], 'x-api-key': apiKey = [] } = request.headersDistinct;
    const key = presented(authorization, apiKey);
    const call = { ip: address(request), origin: request.headers.origin };
    const decided = typeof key === 'string' ? await decide({ ...call, key }) : key;
    if ('status' in decided) return refuse(response, decided);
    request.caller = decided;
    delete request.headers.authorization;
    delete request.headers['x-api-key'];
    next();
  };
}

/** Where a request came from, without the zone of an IPv6 address, and without the form that IPv4 has in IPv6. */
function address(request: Protected): string | undefined {
  return (request.ip ?? request.socket.remoteAddress)?.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/, '');
}

function refuse(response: ServerResponse, { status, code, title, challenge, retryAfter, requestId }: Refusal): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Cache-Control', 'no-store');
  if (challenge !== undefined) response.setHeader('WWW-Authenticate', challenge);
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  response.end(JSON.stringify({ type: 'about:blank', title, status, detail: title, code, request_id: requestId }));
}
