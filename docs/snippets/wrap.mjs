// Usage: wrap.mjs CALL_ID
const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const answer = await fetch(`${gateway}/v1/calls/${process.argv[2]}/wrap`, {
  method: 'PUT',
  headers: { ...headers, 'Content-Type': 'application/json' },
  body: JSON.stringify({ code: 'resolved', comments: 'Invoice explained.', data: { ticket: '4711' } }),
});
if (!answer.ok) throw new Error(await answer.text());
const written = await answer.json();
console.log(`${written.code}, revision ${written.revision}`);
