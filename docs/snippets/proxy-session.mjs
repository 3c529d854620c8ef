// Usage: proxy-session.mjs AGENT_ID
const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

async function ask(method, path, body, more) {
  const answer = await fetch(gateway + path, {
    method,
    headers: { ...headers, 'Content-Type': 'application/json', ...more },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? undefined : answer.json();
}

const agent = process.argv[2];
const session = await ask('POST', '/v1/sessions/proxy', { agent_id: agent, minutes: 30 });
try {
  // The session's token goes beside the key, not in its place.
  const state = { routing_state: 'not_ready', reason: 'training' };
  const changed = await ask('PUT', `/v1/agents/${agent}/state`, state, { 'X-Proxy-Session': session.token });
  console.log(`${changed.display_name}: ${changed.routing_state}`);
} finally {
  await ask('DELETE', `/v1/sessions/proxy/${session.session_id}`);
}
