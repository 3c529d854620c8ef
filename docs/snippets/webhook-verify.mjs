// Usage: webhook-verify.mjs SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE < body
import { readFileSync } from 'node:fs';
// [show]
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The headers webhook-id, webhook-timestamp, webhook-signature, and the body's bytes as they came (a Buffer). */
function verify(secret, id, timestamp, signatures, body) {
  // Older or newer than five minutes: somebody may be playing back what they have heard.
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  const expected = Buffer.from(`v1,${digest}`);
  // There may be several, while a secret is being changed.
  return signatures.split(' ').some((text) => {
    const signature = Buffer.from(text);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
}
// [end]

const [secret, id, timestamp, signatures] = process.argv.slice(2);
if (verify(secret, id, timestamp, signatures, readFileSync(0))) {
  console.log('valid');
} else {
  console.log('invalid');
  process.exitCode = 1;
}
