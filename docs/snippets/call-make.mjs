// Usage: call-make.mjs 1001 "+61 491 570 156" lead-4711-attempt-1
const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const [extension, number, name] = process.argv.slice(2);
const answer = await fetch(`${gateway}/v1/calls`, {
  method: 'POST',
  // Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
  headers: { ...headers, 'Content-Type': 'application/json', 'Idempotency-Key': name },
  body: JSON.stringify({ agent_extension: extension, to: number }),
  signal: AbortSignal.timeout(10_000),
});
if (!answer.ok) throw new Error(await answer.text());
const call = await answer.json();
console.log(call.id, call.state);
if (answer.headers.get('Idempotency-Replayed') === 'true') console.log('sent before');
