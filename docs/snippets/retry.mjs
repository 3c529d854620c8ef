import { setTimeout as pause } from 'node:timers/promises';

const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

async function get(path, tries = 5) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(gateway + path, { headers });
    if (answer.ok) return answer.json();
    if (![429, 502, 503, 504].includes(answer.status) || attempt === tries) throw new Error(await answer.text());
    // The answer says how long. Without it: longer each time, and not all at the same moment.
    const seconds = Number(answer.headers.get('Retry-After')) || 2 ** attempt * (0.5 + Math.random() / 2);
    console.log(`${answer.status}, waiting ${seconds} s`);
    await pause(seconds * 1000);
  }
}

for (let call = 0; call < 3; call += 1) {
  await get('/v1/queues?limit=1');
  console.log('answered');
}
