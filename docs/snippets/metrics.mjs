const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const query = new URLSearchParams({ queue: 'Sales', length: '15m', basis: 'offered' });
const answer = await fetch(`${gateway}/v1/metrics/queues?${query}`, { headers });
if (!answer.ok) throw new Error(await answer.text());
for (const row of (await answer.json()).items) {
  const level = row.service_level.answered_and_abandoned; // null where nobody called
  console.log(
    `${row.start} offered ${row.offered_count}, answered ${row.answered_count}, service level ${level}, final ${row.final}`,
  );
}
