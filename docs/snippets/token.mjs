// Usage: token.mjs QUEUE_ID https://shop.example
const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const [queue, origin] = process.argv.slice(2);
const answer = await fetch(`${gateway}/v1/live/tokens`, {
  method: 'POST',
  // A key that is bound to a site's origin is asked for it here, too.
  headers: { ...headers, 'Content-Type': 'application/json', Origin: origin },
  body: JSON.stringify({ queue_ids: [queue], origin, minutes: 15 }),
});
if (!answer.ok) throw new Error(await answer.text());
// {"token": ..., "expires_at": ...}: this goes to the page, the key does not.
console.log(await answer.text());
