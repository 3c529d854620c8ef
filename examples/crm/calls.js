// Calls: who is it, what became of it, what was noted.
import { randomUUID } from 'node:crypto';
import { db, place, setPlace } from './database.js';
import { ask, follow } from './keydesk.js';

/** Finds whose number it is, or makes a contact, under the CRM's own id: made twice it is still one. */
async function whoIs({ e164 }) {
  if (!e164) return { name: 'Number withheld' };
  const { matches } = await ask('GET', `/v1/contacts/lookup?${new URLSearchParams({ phone: e164 })}`);
  if (matches.length > 1) return { name: matches.map(({ contact }) => contact.display_name).join(' or ') };
  const found = matches[0]?.contact;
  const known = db.prepare('SELECT id FROM contact WHERE phone = ?').get(e164);
  const id = found ? (found.external_ids.crm ?? found.id) : (known?.id ?? randomUUID());
  const name = found?.display_name ?? `New caller ${e164}`;
  db.prepare('INSERT OR REPLACE INTO contact VALUES (?, ?, ?, ?)').run(id, name, e164, found?.timezone ?? null);
  if (!found) {
    const contact = { display_name: name, phones: [{ raw: e164, primary: true }] };
    await ask('PUT', `/v1/contacts/by-external-id/crm/${id}`, contact);
  }
  return { name, contact_id: id };
}

/** A call as the CRM keeps it: one that rang at an agent, or that the CRM had made for a lead. */
async function kept(call) {
  const lead = call.lead_id && db.prepare('SELECT name FROM lead WHERE keydesk_id = ?').get(call.lead_id);
  const inbound = call.direction === 'inbound' && call.relation !== 'consult' && (call.agent || call.offers.length);
  if (!lead && !inbound) return [];
  const other = inbound ? call.from : call.to;
  const known = db.prepare('SELECT name, contact_id FROM call WHERE id = ?').get(call.id);
  // A key that may not look up or make contacts still sees who calls by the number.
  const who = known ?? lead ?? (await whoIs(other).catch((problem) => ({ name: problem.message })));
  return [{ id: call.id, seq: call.seq, name: who.name, number: other.e164, contact_id: who.contact_id ?? null, body: JSON.stringify(call) }];
}

/** Stores calls together with the place up to which the stream is read: neither is there without the other. */
const store = db.transaction((calls, at) => {
  // An event that comes twice, or late, changes nothing.
  const save = db.prepare(`INSERT INTO call VALUES (:id, :seq, :name, :number, :contact_id, :body)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, body = excluded.body WHERE excluded.seq > call.seq`);
  for (const call of calls) save.run(call);
  if (at) setPlace('calls', at);
});

export async function followCalls() {
  for await (const { id, event } of follow('/v1/stream/calls?types=call.*', place('calls'))) {
    let calls = event.subject ? [event.data] : [];
    if (event.type === 'stream.reset') db.exec('UPDATE call SET seq = 0'); // Another log may count anew.
    if (event.type === 'stream.snapshot') {
      // What ended while nobody listened is in no snapshot, so it is asked for.
      const open = db.prepare(`SELECT id FROM call WHERE body ->> 'state' <> 'closed'`).all();
      const missed = open.filter((call) => !event.items.some((item) => item.id === call.id));
      calls = event.items;
      for (const call of missed) calls.push(...(await ask('GET', `/v1/calls/${call.id}`).then((found) => [found], () => [])));
    }
    const rows = [];
    for (const call of calls) rows.push(...(await kept(call)));
    store(rows, id);
  }
}

const saveWrap = ({ call_id, code, comments, data, callback_at, late }) =>
  db.prepare('INSERT OR REPLACE INTO wrap VALUES (?, ?, ?, ?, ?, ?)').run(call_id, code, comments, JSON.stringify(data), callback_at, +late);

/** Stores what was typed, and that it has to be sent. A customer who wants to be called back is a lead. */
export const note = db.transaction(({ call_id, ...wrap }) => {
  saveWrap({ call_id, ...wrap, late: false });
  db.prepare('INSERT OR REPLACE INTO outbox VALUES (?, ?, NULL)').run(call_id, JSON.stringify(wrap));
  if (!wrap.callback_at) return;
  db.prepare(`INSERT OR REPLACE INTO lead (id, name, phone, timezone, not_before)
    SELECT 'callback-' || call.id, call.name, number, coalesce(lead.timezone, contact.timezone), ? FROM call
    LEFT JOIN lead ON keydesk_id = body ->> 'lead_id' LEFT JOIN contact ON contact.id = contact_id WHERE call.id = ?`).run(wrap.callback_at, call_id);
});

/** Sends what waits, in a round of its own for each: one that is refused keeps no other. It waits until the program is started again. */
export async function sendWraps() {
  for (const { call_id, body } of db.prepare('SELECT * FROM outbox WHERE problem IS NULL').all()) {
    await ask('PUT', `/v1/calls/${call_id}/wrap`, JSON.parse(body)).then(
      () => db.prepare('DELETE FROM outbox WHERE call_id = ? AND body = ?').run(call_id, body), // Unless it was changed meanwhile.
      (problem) => db.prepare('UPDATE outbox SET problem = ? WHERE call_id = ?').run(problem.message, call_id),
    );
  }
}

const saveWraps = db.transaction((page, cursor) => {
  const waits = db.prepare('SELECT 1 FROM outbox WHERE call_id = ?');
  for (const wrap of page.items) if (!waits.get(wrap.call_id)) saveWrap(wrap);
  if (cursor) setPlace('wraps', cursor);
});

/** Reads the list of wraps once, and then what others have changed since. */
export async function readWraps() {
  const since = place('wraps');
  if (since) {
    const page = await ask('GET', `/v1/wraps?changed_since=${since}`).catch((problem) => {
      if (problem.code === 'changes_lost') db.exec(`DELETE FROM place WHERE name = 'wraps'`); // Read anew the next time.
      throw problem;
    });
    return saveWraps(page, page.changes_cursor);
  }
  for (let cursor = ''; cursor !== null; ) {
    const page = await ask('GET', `/v1/wraps?limit=500${cursor && `&cursor=${cursor}`}`);
    saveWraps(page, page.next_cursor ? undefined : page.changes_cursor);
    cursor = page.next_cursor;
  }
}
