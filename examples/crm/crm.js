// A small CRM beside a contact centre: KEYDESK_KEY=… npm start, then open http://127.0.0.1:8001
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { followCalls, note, readWraps, retryWraps, sendWraps } from './calls.js';
import { db } from './database.js';
import { centre, must } from './keydesk.js';
import { callLeads } from './leads.js';

const page = readFileSync(new URL('page.html', import.meta.url));
const [readers, problems] = [new Set(), new Map()];
let [codes, shown] = [[], ''];

/** Does a job again and again. The page shows what goes wrong for as long as it does. */
async function keep(job, every) {
  for (;;) {
    const problem = await job().then(() => undefined, (problem) => problem);
    if (problem) problems.set(job.name, problem.message);
    await pause(problem?.retryAfterMs || every);
    problems.delete(job.name);
  }
}

/** Tells the open pages what to show, when that has changed. */
async function tell() {
  const calls = db.prepare(`SELECT id, name, number, body ->> 'direction' AS direction, coalesce(body ->> 'outcome', body ->> 'state') AS state,
      body ->> '$.queue.name' AS queue, coalesce(body ->> '$.agent.display_name', body ->> '$.offers[#-1].agent.display_name') AS agent,
      code, comments, data ->> 'order' AS "order", callback_at, late, outbox.call_id AS unsent, problem
    FROM call LEFT JOIN wrap ON wrap.call_id = id LEFT JOIN outbox ON outbox.call_id = id ORDER BY id DESC LIMIT 14`).all();
  const leads = db.prepare(`SELECT name, coalesce((SELECT coalesce(body ->> 'outcome', body ->> 'state') FROM call
      WHERE body ->> 'lead_id' = keydesk_id ORDER BY call.id DESC), status) AS status FROM lead ORDER BY rowid DESC LIMIT 14`).all();
  const now = `data: ${JSON.stringify({ calls, leads, codes, problems: [...problems.values()] })}\n\n`;
  if (now !== shown) for (const reader of readers) reader.write(now);
  shown = now;
}

const addLead = ({ name, phone, timezone }) =>
  db.prepare('INSERT INTO lead (id, name, phone, timezone) VALUES (?, ?, ?, ?)').run(randomUUID(), name, phone, timezone);

createServer(async (request, response) => {
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(shown);
    readers.add(response);
    response.on('close', () => readers.delete(response));
  } else if (request.headers['content-type'] === 'application/json') { // Pages of other sites can't send that unasked.
    const stored = json(request).then(request.url === '/wrap' ? note : addLead);
    response.writeHead(await stored.then(() => 204, () => 400)).end();
  } else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
}).listen(process.env.PORT ?? 8001, '127.0.0.1');

keep(async function readCodes() { codes = (await must(centre.GET('/v1/wrap-codes'))).items; }, 3_600_000);
const jobs = [[followCalls, 1_000], [retryWraps, 60_000], [sendWraps, 200], [readWraps, 2_000], [callLeads, 3_000], [tell, 100]];
for (const [job, every] of jobs) keep(job, every);
