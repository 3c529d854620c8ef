// Usage: errors.mjs /v1/metrics/summary
const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

const answer = await fetch(gateway + process.argv[2], { headers });
if (!answer.ok) {
  const problem = await answer.json();
  // Decide by the code, show people the detail, and keep the request's id for the administrator.
  console.log(`${problem.status} ${problem.code}: ${problem.detail} (request ${problem.request_id})`);
}
