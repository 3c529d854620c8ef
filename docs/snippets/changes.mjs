import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

async function page(query) {
  const answer = await fetch(`${gateway}/v1/wraps?${new URLSearchParams({ limit: 500, ...query })}`, { headers });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function store(wraps) {
  for (const wrap of wraps) console.log(wrap.call_id, wrap.code);
}

if (existsSync('wraps.cursor')) {
  // What changed since the last run, until a page is empty.
  for (;;) {
    const changed = await page({ changed_since: readFileSync('wraps.cursor', 'utf8') });
    if (changed.items.length === 0) break;
    store(changed.items);
    writeFileSync('wraps.cursor', changed.changes_cursor);
  }
} else {
  // The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
  let listed = await page({});
  const start = listed.changes_cursor;
  store(listed.items);
  while (listed.next_cursor !== null) {
    listed = await page({ cursor: listed.next_cursor });
    store(listed.items);
  }
  writeFileSync('wraps.cursor', start);
}
