// The small server of a site: it has the key, and makes tokens for its pages. Pages never see the key.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const KEY = process.env.KEYDESK_KEY;
const GATEWAY = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const PORT = Number(process.env.PORT ?? 8000);
// As browsers see this site: a token works from this origin alone.
const ORIGIN = process.env.SITE_ORIGIN ?? `http://127.0.0.1:${PORT}`;
// The queues whose waiting times are public.
const QUEUES = (process.env.SITE_QUEUES ?? 'Sales,Billing').split(',');
const MINUTES = Number(process.env.TOKEN_MINUTES ?? 15);

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/site.css': ['site.css', 'text/css'],
  '/expected-wait.js': ['expected-wait.js', 'text/javascript'],
};
// The page may connect to the gateway and to nothing else, and tells nobody where a visitor came from.
const HEADERS = {
  'content-security-policy': `default-src 'self'; connect-src 'self' ${GATEWAY}; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
};

async function ask(path, init = {}) {
  // The origin is for keys that are bound to the site's.
  const headers = { authorization: `Bearer ${KEY}`, origin: ORIGIN, 'content-type': 'application/json' };
  const answer = await fetch(GATEWAY + path, { ...init, headers, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

async function queueNamed(name) {
  const { items } = await ask('/v1/queues');
  return items.find((queue) => queue.name === name);
}

async function token(request, response) {
  // Browsers say from which page a request comes; pages of other sites get no token.
  if (request.headers.origin !== ORIGIN) return json(response, 403, { error: 'only for pages of this site' });
  if (!(Number(request.headers['content-length']) <= 1000)) return json(response, 413, { error: 'too long' });
  let body = '';
  for await (const chunk of request) body += chunk;
  let name;
  try {
    name = JSON.parse(body).queue;
  } catch {
    return json(response, 400, { error: 'not JSON' });
  }
  const queue = QUEUES.includes(name) && (await queueNamed(name));
  if (!queue) return json(response, 404, { error: 'no such queue' });
  const wish = { queue_ids: [queue.id], origin: ORIGIN, minutes: MINUTES };
  const made = await ask('/v1/live/tokens', { method: 'POST', body: JSON.stringify(wish) });
  json(response, 200, {
    token: made.token,
    stream: `${GATEWAY}/v1/stream/queues?queue_ids=${queue.id}`,
    // As a length of time: a visitor's clock may be wrong. A fifth of its life is left to renew it in.
    renew_in_ms: Math.max(1000, 0.8 * (Date.parse(made.expires_at) - Date.now())),
  });
}

function json(response, status, body) {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

async function answer(request, response) {
  if (request.method === 'POST' && request.url === '/waiting/token') return token(request, response);
  const file = request.method === 'GET' && FILES[request.url];
  if (!file) return json(response, 404, { error: 'no such page' });
  const text = await readFile(new URL(`public/${file[0]}`, import.meta.url));
  response.writeHead(200, { ...HEADERS, 'content-type': file[1] });
  response.end(text);
}

if (!KEY) throw new Error('KEYDESK_KEY is not set');
createServer((request, response) => {
  answer(request, response).catch((error) => {
    // The message names the path and the status, never the key or a token.
    console.error(error.message);
    json(response, 503, { error: 'the contact centre does not answer' });
  });
}).listen(PORT, '127.0.0.1', () => console.log(`The page is at ${ORIGIN}/`));
