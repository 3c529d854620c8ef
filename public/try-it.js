// The console of the documentation: calls the contact centre for test keys through the gateway, as any page may whose origin is known
// there, and follows its streams. A key is in the field of this page and in no address, storage or log.
const element = (id) => document.getElementById(id);
const gateway = element('try').dataset.gateway;
const keyField = element('try-key');
const choice = element('try-operation');
const fields = element('try-fields');
const LONGEST = 200000;
const RETRY_MS = 2000;
const EVENTS = 60;
const STATES = ['ready', 'offered', 'talking', 'held', 'consulting', 'dialing', 'wrapping', 'not_ready', 'offline'];

addEventListener('keydesk:test-key', ({ detail }) => {
  keyField.value = detail.key;
});

// A key that reaches live data has no place here.
function testKey() {
  const key = keyField.value.trim();
  if (key === '') return { wrong: 'Make a test key above, or paste one.' };
  if (key.startsWith('eyJ') || /_test_/.test(key)) return { key };
  return { wrong: 'This is no test key: the console takes none that could reach live data.' };
}

function make(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// The operation and its fields.

const described = fetch('/docs/openapi.json').then((answer) => (answer.ok ? answer.json() : undefined), () => undefined);
let description;
let operation;

const resolve = (value) => (value?.$ref ? value.$ref.slice(2).split('/').reduce((place, name) => place?.[name], description) : value);

function find(id) {
  for (const [path, item] of Object.entries(description?.paths ?? {})) {
    for (const [method, found] of Object.entries(item)) {
      if (found.operationId === id) return { ...found, path, method: method.toUpperCase() };
    }
  }
  return undefined;
}

function field(name, place, words, value, rows) {
  const id = `try-${place}-${name}`;
  const input = make(rows ? 'textarea' : 'input', { id, className: 'input mono', value: value ?? '', autocomplete: 'off', spellcheck: false });
  Object.assign(input.dataset, { place, name });
  if (rows) input.rows = rows;
  else {
    input.type = 'text';
    input.required = place === 'path';
    if (place === 'path') input.setAttribute('list', 'try-ids');
  }
  const label = make('label', { htmlFor: id, textContent: place === 'body' ? 'Body (JSON)' : `${name} (${place})` });
  const parts = [label, input];
  if (words) {
    input.setAttribute('aria-describedby', `${id}-note`);
    parts.push(make('p', { className: 'field-note', id: `${id}-note`, textContent: words }));
  }
  return make('div', { className: 'field' }, parts);
}

function show() {
  operation = find(choice.value);
  fields.replaceChildren();
  element('try-about').textContent = '';
  if (!operation) return;
  element('try-about').textContent = operation['x-scope'] ? `Asks for ${operation['x-scope']}.` : 'Any valid key may call it.';
  element('try-reference').href = `/docs/reference/${operation.operationId}`;
  for (const given of operation.parameters ?? []) {
    const { name, in: place, description: words, schema } = resolve(given);
    fields.append(field(name, place, words ?? schema?.description, place === 'path' ? undefined : schema?.default));
  }
  const body = operation.requestBody?.content?.['application/json'];
  if (body) {
    const text = JSON.stringify(body.example ?? {}, null, 2);
    fields.append(field('body', 'body', '', text, Math.min(14, text.split('\n').length + 1)));
  }
}

choice.addEventListener('change', show);
described.then((found) => {
  description = found;
  if (!found) element('try-about').textContent = 'The description of the contact centre can’t be read now. Reload the page.';
  show();
});

// One call.

function built() {
  const values = [...fields.querySelectorAll('[data-place]')].map(({ dataset, value }) => ({ ...dataset, value: value.trim() }));
  let { path } = operation;
  const query = new URLSearchParams();
  const headers = {};
  let body;
  for (const { place, name, value } of values) {
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value === '') continue;
    else if (place === 'query') query.append(name, value);
    else if (place === 'header') headers[name] = value;
    else body = value;
  }
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const search = query.size > 0 ? `?${query}` : '';
  return { method: operation.method, url: `${gateway}${path}${search}`, headers, body };
}

// The key is never written out: what is shown here may be copied into a ticket.
function written({ method, url, headers, body }) {
  const lines = [`${method} ${url}`, 'Authorization: Bearer (the test key)'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return body === undefined ? lines.join('\n') : `${lines.join('\n')}\n\n${body}`;
}

function pretty(text, kind) {
  if (!/json/.test(kind) || /ndjson/.test(kind)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function content(answer) {
  const kind = answer.headers.get('content-type') ?? '';
  if (!/json|text|csv/.test(kind)) {
    const { size } = await answer.blob();
    return { text: size > 0 ? `${size} bytes of ${kind}` : '(nothing)', size };
  }
  const text = await answer.text();
  const shown = pretty(text, kind);
  return { text: shown.length > LONGEST ? `${shown.slice(0, LONGEST)}\n…` : shown, size: text.length, raw: text };
}

function problemOf(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    return {};
  }
}

// What an answer says that the key lacks, and what to do.
function lacks(answer, raw) {
  if (answer.ok) return '';
  const problem = problemOf(raw);
  const scopes = /scope="([^"]*)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1];
  if (answer.status === 403 && scopes) {
    return `This key lacks ${scopes.split(' ').join(', ')}. Make a test key that has it, or ask an administrator for it.`;
  }
  if (answer.status === 429) return `Too many calls. Wait ${answer.headers.get('retry-after') ?? 'a few'} s, then send it again.`;
  return problem.detail ?? problem.title ?? '';
}

// Ids that were answered are offered where a path wants one.
const ids = make('datalist', { id: 'try-ids' });
fields.after(ids);
function remember(raw) {
  const found = problemOf(raw);
  for (const item of found?.items ?? found?.matches?.map((match) => match.contact) ?? [found]) {
    if (typeof item?.id !== 'string' || [...ids.options].some((option) => option.value === item.id)) continue;
    ids.prepend(make('option', { value: item.id, label: item.name ?? item.display_name ?? item.type ?? '' }));
  }
}

function say(text) {
  element('try-answer').hidden = false;
  element('try-status').textContent = text;
}

element('try-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { key, wrong } = testKey();
  element('try-lacks').hidden = true;
  for (const part of ['request', 'headers', 'body']) element(`try-${part}`).textContent = '';
  if (wrong || !operation) {
    say(wrong ?? 'The operation is still loading.');
    if (wrong) keyField.focus();
    return;
  }
  const request = built();
  element('try-request').textContent = written(request);
  say('Waiting for the answer …');
  const { submitter } = event;
  submitter.disabled = true;
  const begun = performance.now();
  try {
    const { method, url, headers, body } = request;
    const answer = await fetch(url, { method, headers: { ...headers, Authorization: `Bearer ${key}` }, body, cache: 'no-store' });
    const first = performance.now() - begun;
    const { text, size, raw = '' } = await content(answer);
    say(`${answer.status} ${answer.statusText}`.trim() + `, ${Math.round(first)} ms, ${size} bytes`);
    element('try-headers').textContent = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    element('try-body').textContent = text;
    const words = lacks(answer, raw);
    element('try-lacks').textContent = words;
    element('try-lacks').hidden = words === '';
    if (answer.ok) remember(raw);
  } catch {
    say('The gateway did not answer this page. It may be away, or does not know the page’s address.');
  } finally {
    submitter.disabled = false;
  }
});

// The contact centre as it is.

const STREAMS = [
  { name: 'queues', path: '/v1/stream/queues', right: 'live:read' },
  { name: 'agents', path: '/v1/stream/agent-states', right: 'agent-states:subscribe' },
  { name: 'calls', path: '/v1/stream/calls', right: 'calls:read' },
];
const queues = new Map();
const agents = new Map();
let following;

const seconds = (ms) => (ms === null || ms === undefined ? '' : `${Math.round(ms / 1000)} s`);

let drawn = false;
function draw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    element('try-queues').hidden = queues.size === 0;
    const rows = [...queues.values()].sort((one, other) => one.name.localeCompare(other.name)).map((queue) => {
      const cells = [queue.open ? 'yes' : 'no', queue.waiting_count, seconds(queue.longest_waiting_ms), seconds(queue.expected_wait_ms), queue.agents_idle];
      return make('tr', {}, [make('th', { scope: 'row', textContent: queue.name }), ...cells.map((text) => make('td', { textContent: text ?? '' }))]);
    });
    element('try-queues').querySelector('tbody').replaceChildren(...rows);
    element('try-agents').hidden = agents.size === 0;
    const counts = Object.groupBy([...agents.values()], (agent) => agent.state);
    const states = STATES.filter((state) => counts[state]).map((state) => make('li', { textContent: `${state.replace('_', ' ')}: ${counts[state].length}` }));
    element('try-agents').querySelector('ul').replaceChildren(...states);
  });
}

function log(event) {
  const list = element('try-events').querySelector('ol');
  element('try-events').hidden = false;
  const { display_name: name, state, agent, phase } = event.data ?? {};
  const about = [name ?? agent?.display_name, state ?? phase].filter((word) => typeof word === 'string').join(', ');
  const at = new Date(event.timestamp).toLocaleTimeString();
  const id = event.subject ? `${event.subject.kind} ${event.subject.id.slice(-6)}` : '';
  list.prepend(make('li', {}, [make('time', { dateTime: event.timestamp, textContent: at }), ' ', make('code', { textContent: event.type }), ` ${[about, id].filter(Boolean).join(' · ')}`]));
  while (list.children.length > EVENTS) list.lastElementChild.remove();
}

function take(name, event) {
  const things = { queues, agents }[name];
  if (event.type === 'stream.snapshot') {
    if (!things) return;
    things.clear();
    for (const item of event.items) things.set(item.id, item);
    draw();
  } else if (event.data && event.subject) {
    const kind = { queue: queues, agent: agents }[event.subject.kind];
    const { id } = event.subject;
    if (kind === things && kind) kind.set(id, { ...kind.get(id), ...(event.data.agent ?? event.data) });
    draw();
    // What only tells that somebody is still there is no news.
    if (!['queue.live', 'agent.heartbeat'].includes(event.type)) log(event);
  }
}

async function read(stream, key, signal, last) {
  const headers = { Authorization: `Bearer ${key}`, Accept: 'text/event-stream', ...(last.id && { 'Last-Event-ID': last.id }) };
  const answer = await fetch(`${gateway}${stream.path}`, { headers, signal, cache: 'no-store' });
  if (!answer.ok) {
    const raw = await answer.text();
    return answer.status === 403 ? `lacks ${stream.right}` : (problemOf(raw).detail ?? `was answered ${answer.status}`);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    const blocks = (rest + value.replaceAll('\r\n', '\n')).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split('\n');
      const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
      last.id = lines.find((line) => line.startsWith('id:'))?.slice(3).trim() ?? last.id;
      if (data) take(stream.name, JSON.parse(data));
    }
  }
}

async function keepReading(stream, key, signal) {
  const last = {};
  while (!signal.aborted) {
    try {
      const refused = await read(stream, key, signal, last);
      if (refused !== undefined) {
        element('try-refused').append(make('li', { textContent: `${stream.name}: the key ${refused}` }));
        return;
      }
    } catch {
      // The gateway is away, or the stream was cut: it is asked again with the last id.
    }
    if (!signal.aborted) await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

const button = element('try-follow');

function stop() {
  following?.abort();
  following = undefined;
  button.textContent = 'Follow';
  element('try-following').textContent = '';
}

button.addEventListener('click', async () => {
  if (following) return stop();
  const { key, wrong } = testKey();
  element('try-refused').replaceChildren();
  if (wrong) {
    element('try-following').textContent = wrong;
    return keyField.focus();
  }
  const own = new AbortController();
  following = own;
  button.textContent = 'Stop';
  element('try-following').textContent = 'Following';
  await Promise.all(STREAMS.map((stream) => keepReading(stream, key, own.signal)));
  if (following === own) stop();
});

addEventListener('pagehide', () => {
  stop();
  keyField.value = '';
});
