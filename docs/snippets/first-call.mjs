const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const answer = await fetch(`${gateway}/v1/sandbox`, { headers });
if (!answer.ok) throw new Error(await answer.text());
console.log(await answer.json());
