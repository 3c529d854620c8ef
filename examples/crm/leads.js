// The CRM's leads are called when they are due.
import { db, place, setPlace } from './database.js';
import { centre, must } from './keydesk.js';

const setStatus = (id, status) => db.prepare('UPDATE lead SET status = ? WHERE id = ?').run(status, id);

/** Enters new leads. The contact centre knows them by the CRM's id, so entered twice they are there once. */
async function enter(campaign_id) {
  const rows = db.prepare(`SELECT * FROM lead WHERE status = 'new' LIMIT 1000`).all();
  if (rows.length === 0) return;
  const leads = rows.map(({ id, phone, timezone, not_before }) => ({ campaign_id, external_id: id, phones: [phone], timezone, not_before }));
  const { results } = await must(centre.POST('/v1/leads/batch', { body: { leads } }));
  const entered = db.prepare(`UPDATE lead SET status = 'waiting', keydesk_id = ? WHERE id = ?`);
  for (const { index, id, detail } of results) id ? entered.run(id, rows[index].id) : setStatus(rows[index].id, detail);
}

/** Has the agent call a lead. */
async function dial(lead, attempts) {
  const body = { to: lead.phone, agent_extension: process.env.CRM_AGENT ?? '1001', lead_id: lead.keydesk_id };
  const change = (body) => must(centre.PATCH('/v1/leads/{id}', { params: { path: { id: lead.keydesk_id } }, body }));
  try {
    // An attempt has one name: whoever loses the answer and asks again makes no second call.
    await must(centre.POST('/v1/calls', { body, headers: { 'idempotency-key': `${lead.id}-${attempts}` } }));
    setStatus(lead.id, 'called');
  } catch ({ code, message, problem: { next_allowed_at } = {}, retryAfterMs }) {
    setStatus(lead.id, next_allowed_at ? `not before ${next_allowed_at}` : message);
    if (code === 'outside_dialling_hours') await change({ not_before: next_allowed_at });
    if (code === 'do_not_call' || code === 'call_not_allowed') await change({ excluded: true });
    if (code === 'calls_per_hour_reached') setPlace('no call before', `${Date.now() + retryAfterMs}`);
  }
}

/** The contact centre says which leads are due: by the callee's clock, the campaign's hours and the attempts so far. */
export async function callLeads() {
  const campaign = (await must(centre.GET('/v1/campaigns'))).items.find(({ mode }) => mode === 'preview');
  await enter(campaign.id);
  const own = new Map(db.prepare('SELECT * FROM lead WHERE keydesk_id NOT NULL').all().map((lead) => [lead.keydesk_id, lead]));
  for (let cursor; own.size && cursor !== null; ) {
    const page = await must(centre.GET('/v1/leads', { params: { query: { campaign_id: campaign.id, status: 'due', limit: 500, cursor } } }));
    for (const { id, attempts } of page.items) {
      if (own.has(id) && Date.now() > (place('no call before') ?? 0)) await dial(own.get(id), attempts.length);
    }
    cursor = page.next_cursor;
  }
}
