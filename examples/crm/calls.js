// Calls: who is it, what became of it, what was noted.
import { randomUUID } from 'node:crypto';
import { db, place, setPlace } from './database.js';
import { centre, must } from './keydesk.js';

/** Finds whose number it is, or makes a contact under the CRM's own id: made twice, it is still one. */
async function whoIs(phone) {
  if (!phone) return { name: 'Number withheld' };
  const { matches } = await must(centre.GET('/v1/contacts/lookup', { params: { query: { phone } } }));
  if (matches.length > 1) return { name: matches.map(({ contact }) => contact.display_name).join(' or ') };
  const found = matches[0]?.contact;
  const known = db.prepare('SELECT id FROM contact WHERE phone = ?').get(phone);
  const id = found ? (found.external_ids.crm ?? found.id) : (known?.id ?? randomUUID());
  const name = found?.display_name ?? `New caller ${phone}`;
  db.prepare('INSERT OR REPLACE INTO contact VALUES (?, ?, ?, ?)').run(id, name, phone, found?.timezone ?? null);
  const body = { display_name: name, phones: [{ raw: phone, primary: true }] };
  if (!found) await must(centre.PUT('/v1/contacts/by-external-id/{system}/{external_id}', { params: { path: { system: 'crm', external_id: id } }, body }));
  return { name, contact_id: id };
}

/** A call as the CRM keeps it, if it does: it rang at an agent, or was made for a lead of the CRM. */
async function kept(call) {
  const lead = db.prepare('SELECT name FROM lead WHERE keydesk_id = ?').get(call.lead_id ?? '');
  const inbound = call.direction === 'inbound' && call.relation !== 'consult' && (call.agent || call.offers.length);
  if (!lead && !inbound) return [];
  const number = inbound ? call.from.e164 : call.to.e164;
  const known = db.prepare('SELECT name, contact_id FROM call WHERE id = ?').get(call.id);
  // A key that may not look up or make contacts: the page says so in place of the name.
  const who = known ?? lead ?? (await whoIs(number).catch((problem) => ({ name: problem.message })));
  return [{ id: call.id, seq: call.seq, name: who.name, number, contact_id: who.contact_id ?? null, body: JSON.stringify(call) }];
}

export async function followCalls() {
  // An event that comes twice, or late, changes nothing.
  const save = db.prepare(`INSERT INTO call VALUES (:id, :seq, :name, :number, :contact_id, :body)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, body = excluded.body WHERE excluded.seq > call.seq`);
  for await (const { kind, event, items = [], cursor, lastEventId = cursor } of centre.follow('calls', { types: ['call.*'], after: place('calls') })) {
    const calls = event ? [event.data] : [...items];
    if (kind === 'reset') db.exec('UPDATE call SET seq = 0'); // Another log may count anew.
    if (kind === 'snapshot') {
      // What ended while nobody listened is in no snapshot, so it is asked for.
      const open = db.prepare(`SELECT id FROM call WHERE body ->> 'state' <> 'closed'`).all().filter(({ id }) => !items.some((call) => call.id === id));
      for (const path of open) calls.push((await centre.GET('/v1/calls/{id}', { params: { path } })).data);
    }
    const rows = [];
    for (const call of calls.filter(Boolean)) rows.push(...(await kept(call)));
    db.transaction(() => {
      for (const row of rows) save.run(row);
      if (lastEventId) setPlace('calls', lastEventId); // With what it told: neither is stored without the other.
    })();
  }
}

const saveWrap = ({ call_id, code, comments, data, callback_at, late }) =>
  db.prepare('INSERT OR REPLACE INTO wrap VALUES (?, ?, ?, ?, ?, ?)').run(call_id, code, comments, JSON.stringify(data), callback_at, +late);

/** Stores what was typed, and that it has to be sent. A customer who wants to be called back becomes a lead. */
export const note = db.transaction(({ call_id, code, comments, order, callback_at }) => {
  const wrap = { code, comments, data: order ? { order } : {}, callback_at: callback_at || null };
  saveWrap({ call_id, ...wrap, late: false });
  db.prepare('INSERT OR REPLACE INTO outbox VALUES (?, ?, NULL)').run(call_id, JSON.stringify(wrap));
  if (callback_at) db.prepare(`INSERT OR REPLACE INTO lead (id, name, phone, timezone, not_before)
    SELECT 'callback-' || call.id, call.name, number, coalesce(lead.timezone, contact.timezone), ? FROM call
    LEFT JOIN lead ON keydesk_id = body ->> 'lead_id' LEFT JOIN contact ON contact.id = contact_id
    WHERE call.id = ? AND number NOT NULL`).run(callback_at, call_id);
});

/** What was refused is tried again each minute: the call may have been answered meanwhile, or the key been given its right. */
export const retryWraps = async () => db.exec('UPDATE outbox SET problem = NULL');

/** Sends what waits. */
export async function sendWraps() {
  for (const { call_id, wrap } of db.prepare('SELECT * FROM outbox WHERE problem IS NULL').all()) {
    const sent = must(centre.PUT('/v1/calls/{id}/wrap', { params: { path: { id: call_id } }, body: JSON.parse(wrap) }));
    const problem = await sent.then(() => null, ({ message }) => message);
    const change = problem ? 'UPDATE outbox SET problem = :problem' : 'DELETE FROM outbox'; // Unless more was typed meanwhile.
    db.prepare(`${change} WHERE call_id = :call_id AND wrap = :wrap`).run({ call_id, wrap, ...(problem && { problem }) });
  }
}

/** Reads all wraps once, page by page, and from then on what others have changed since. */
export async function readWraps() {
  for (let query = place('wraps') ? { changed_since: place('wraps') } : { limit: 500 }; query; ) {
    const page = await must(centre.GET('/v1/wraps', { params: { query } })).catch((problem) => {
      if (problem.code === 'changes_lost') setPlace('wraps', ''); // All is read anew the next time.
      throw problem;
    });
    const waits = db.prepare('SELECT 1 FROM outbox WHERE call_id = ?');
    db.transaction(() => {
      for (const wrap of page.items) if (!waits.get(wrap.call_id)) saveWrap(wrap);
      if (!page.next_cursor) setPlace('wraps', page.changes_cursor);
    })();
    query = page.next_cursor && { limit: 500, cursor: page.next_cursor };
  }
}
