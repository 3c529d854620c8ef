// The gateway's HTTP, and nothing of a CRM.
import { setTimeout as pause } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';

const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const authorization = `Bearer ${process.env.KEYDESK_KEY}`;

/** What is thrown of a refusal: its `code` and all that it says, and after how many seconds to ask again. */
async function refusal(answer) {
  const problem = await answer.json().catch(() => ({ detail: `The answer was ${answer.status}.` }));
  return Object.assign(new Error(problem.detail), problem, { wait: Number(answer.headers.get('retry-after')) });
}

/**
 * Asks, again while the answer is "not now", and returns the JSON. Everything here may be asked twice: it reads, it writes what
 * holds, or it is a call with an Idempotency-Key. Whoever is to wait for more than a minute decides what to do meanwhile.
 */
export async function ask(method, path, body, headers) {
  for (let tries = 1; ; tries += 1) {
    const request = { method, body: JSON.stringify(body), headers: { authorization, 'content-type': 'application/json', ...headers } };
    const answer = await fetch(gateway + path, { ...request, signal: AbortSignal.timeout(30_000) }).catch(() => undefined);
    if (answer?.ok) return answer.json();
    const wait = Number(answer?.headers.get('retry-after')) || Math.min(tries, 10);
    if (wait > 60 || (answer && ![429, 502, 503, 504].includes(answer.status))) throw await refusal(answer);
    await pause(wait * 1000);
  }
}

/** Follows a stream from a place until it is cut. A comment comes every 15 seconds, unless the connection is dead. */
export async function* follow(path, place) {
  const cut = new AbortController();
  const silence = setTimeout(() => cut.abort(), 45_000);
  const headers = { authorization, accept: 'text/event-stream', ...(place && { 'last-event-id': place }) };
  try {
    const answer = await fetch(gateway + path, { headers, signal: cut.signal });
    if (!answer.ok) throw await refusal(answer);
    const parser = new EventSourceParserStream({ onComment: () => silence.refresh() });
    for await (const { id, data } of answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(parser)) yield { id, event: JSON.parse(data) };
  } finally {
    clearTimeout(silence);
  }
}
