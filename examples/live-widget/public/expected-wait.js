// <expected-wait queue="Sales" token-url="/waiting/token">
const WORDS = {
  closed: 'We are closed at the moment.',
  no_agents: 'Nobody can take calls at the moment.',
  unknown: 'The waiting time is not known at the moment.',
};
const SILENCE_MS = 40_000; // The gateway sends something every 15 s.

class ExpectedWait extends HTMLElement {
  connectedCallback() {
    this.setAttribute('role', 'status'); // Screen readers read each new text.
    this.follow();
  }

  disconnectedCallback() {
    this.connection.abort();
  }

  async follow() {
    for (let failures = 0; this.isConnected; ) {
      const connection = (this.connection = new AbortController());
      let renew, due;
      try {
        const { token, stream, renew_in_ms } = await ask(this.getAttribute('token-url'), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ queue: this.getAttribute('queue') }),
          signal: connection.signal,
        }).then((answer) => answer.json());
        renew = setTimeout(() => connection.abort((due = true)), renew_in_ms);
        for await (const queue of states(stream, token, connection)) {
          failures = 0;
          this.say(queue);
        }
      } catch {} // Whatever cut it: it is tried again, with a new token.
      clearTimeout(renew);
      if (due) continue;
      if (++failures > 2) this.say({ reason: 'unknown' });
      // At random, so that not all visitors come back at once.
      await new Promise((done) => setTimeout(done, Math.min(3e4, 500 * 2 ** failures) * (0.5 + Math.random())));
    }
  }

  say({ reason, expected_wait_ms }) {
    const minutes = Math.ceil(expected_wait_ms / 60_000);
    const wait = minutes ? `about ${minutes} ${minutes > 1 ? 'minutes' : 'minute'}` : 'no wait';
    const text = WORDS[reason] ?? `Open: ${wait}.`;
    this.dataset.state = reason ?? 'open';
    if (this.textContent !== text) this.textContent = text; // The same text is not read out again.
  }
}

async function ask(url, init) {
  const answer = await fetch(url, init);
  if (!answer.ok) throw answer;
  return answer;
}

// Server-sent events through fetch: EventSource can't send a token in a header.
async function* states(url, token, connection) {
  const { body } = await ask(url, { headers: { authorization: `Bearer ${token}` }, signal: connection.signal });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ; ) {
    const silence = setTimeout(() => connection.abort(), SILENCE_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const events = (text + value).split('\n\n');
    text = events.pop();
    for (const event of events) {
      const { type, items, data } = JSON.parse(/^data:(.*)/m.exec(event)?.[1] ?? '{}');
      yield* items ?? (type === 'queue.live' ? [data] : []);
    }
  }
}

customElements.define('expected-wait', ExpectedWait);
