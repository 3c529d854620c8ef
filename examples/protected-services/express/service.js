import express from 'express';

const { KEYDESK_URL = 'http://127.0.0.1:3000', KEYDESK_KEY, PORT = 8000 } = process.env;
const STATUS = { NOT_FOUND: 401, REVOKED: 401, DISABLED: 401, EXPIRED: 401, RATE_LIMITED: 429, QUOTA_EXCEEDED: 429 };

const allowed = (scope) => async (request, response, next) => {
  const key = (request.get('authorization') ?? '').replace(/^Bearer /, '');
  const body = JSON.stringify({ key, scopes: [scope], environment: 'live', ip: request.ip });
  const headers = { authorization: `Bearer ${KEYDESK_KEY}`, 'content-type': 'application/json' };
  const call = { method: 'POST', headers, body, signal: AbortSignal.timeout(2000) };
  const verdict = await fetch(`${KEYDESK_URL}/api/v1/keys/verify`, call).then((answer) => answer.ok && answer.json()).catch(() => null);
  // Whoever can't be checked is not let in.
  if (!verdict?.code) return response.status(503).set('Retry-After', '5').json({ detail: "Keys can't be checked at the moment" });
  if (verdict.valid === true && verdict.code === 'VALID') {
    request.caller = verdict;
    return next();
  }
  const wait = verdict.retry_after_seconds;
  let status = STATUS[verdict.code] ?? 403;
  if (status === 429 && wait == null) status = 403; // No waiting helps.
  if (status === 401) response.set('WWW-Authenticate', 'Bearer');
  if (status === 429) response.set('Retry-After', String(wait));
  response.status(status).json({ detail: verdict.code });
};

const app = express();
app.get('/contacts', allowed('contacts:read'), (request, response) => response.json({ items: [], client: request.caller.client_name }));
app.listen(PORT, '127.0.0.1');
