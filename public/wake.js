// Wakes a page up: loads the client and hydrates the page. Nothing that was typed before is lost, and whatever goes wrong, the
// plain forms stay and work. `data-hydrated` says that the page is awake.
const root = document.documentElement;
const own = document.getElementById('wake');
const { js, wasm, structure } = own.dataset;
const heard = [];
let composing = false;
let hydrated = false;
let failed = false;

for (const name of ['compositionstart', 'compositionend']) {
  addEventListener(name, () => { composing = name === 'compositionstart'; }, true);
}

// An input method has text that is in no field yet.
async function composed() {
  while (composing) await new Promise((done) => addEventListener('compositionend', done, { once: true }));
}

// The names of all nodes, as `web/structure.rs` tells them.
function structureOf(body) {
  let hash = 0x811c9dc5;
  const nodes = document.createTreeWalker(body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
  while (nodes.nextNode()) {
    const { nodeType, nodeName, parentNode } = nodes.currentNode;
    if (nodeType === Node.TEXT_NODE && /^(script|style|textarea)$/i.test(parentNode.nodeName)) continue;
    for (const letter of `${nodeName.toLowerCase()} `) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  }
  return String(hash >>> 0);
}

const FIELDS = 'input, textarea, select, button, a, summary';

// The fields of a page by what makes them the same on another copy of it.
function fieldsOf(body) {
  const found = new Map();
  for (const field of body.querySelectorAll(FIELDS)) {
    const value = /^(radio|checkbox|submit)$/.test(field.type) ? field.value : '';
    const name = field.id || [field.localName, field.name, value, field.name ? '' : field.getAttribute('href') ?? field.textContent].join('\n');
    let key = name;
    for (let more = 1; found.has(key); more++) key = `${name}\n${more}`;
    found.set(key, field);
  }
  return found;
}

// Puts what a person has done on one copy of a page into another; returns what puts the focus there.
function carry(from, to) {
  const fresh = fieldsOf(to);
  let focus = () => {};
  for (const [key, field] of fieldsOf(from)) {
    const other = fresh.get(key);
    // What is disabled follows from another field.
    if (!other || other.type !== field.type || field.disabled) continue;
    if (field.localName === 'select') other.value = field.value;
    else if (/^(radio|checkbox)$/.test(field.type)) other.checked = field.checked;
    // A script's note that scopes were chosen by hand; other hidden fields are the page's own.
    else if (field.type === 'hidden') other.value = field.name === 'access' ? field.value : other.value;
    else if (field.value !== field.defaultValue && field.defaultValue !== undefined) other.value = field.value;
    if (field !== document.activeElement) continue;
    const { selectionStart: start, selectionEnd: end, selectionDirection: direction } = field;
    focus = () => {
      other.focus({ preventScroll: true });
      if (start != null) other.setSelectionRange(start, end, direction);
    };
  }
  const folded = to.querySelectorAll('details');
  from.querySelectorAll('details').forEach(({ open }, at) => { if (folded[at]) folded[at].open = open; });
  return focus;
}

// Translators and extensions change a page before it is awake; the client would not find its way in it. So the page is asked
// for anew. It is no use of the session.
async function anew() {
  const headers = { accept: 'text/html', 'x-keydesk-by-itself': '1' };
  const answer = await fetch(location.href, { headers });
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const { wasm: theirs } = fresh.getElementById('wake')?.dataset ?? {};
  if (theirs !== wasm || fresh.documentElement.dataset.for !== root.dataset.for) throw new Error('the page has changed');
  // Scripts of a document that was parsed don't run; these bring what the page was drawn from.
  for (const script of fresh.body.querySelectorAll('script')) {
    const running = document.createElement('script');
    running.nonce = own.nonce;
    running.textContent = script.textContent;
    script.replaceWith(running);
  }
  return document.adoptNode(fresh.body);
}

// Replaces what is in the body; returns what puts the focus back.
function replace(fresh) {
  const { scrollX, scrollY } = window;
  const focus = carry(document.body, fresh);
  document.body.replaceChildren(...fresh.childNodes);
  return () => {
    focus();
    scrollTo(scrollX, scrollY);
  };
}

// What the client listens for on the window, so that it can be silenced.
function listening(target) {
  const { addEventListener: listen, removeEventListener: forget } = target;
  target.addEventListener = (...all) => {
    heard.push(() => forget.apply(target, all));
    listen.apply(target, all);
  };
}

// A client that has failed leaves a page that looks alive. A copy of it has the same forms, and none of its listeners.
function plain(error) {
  if (failed) return;
  failed = true;
  console.warn('Keydesk works without its client:', error);
  delete root.dataset.hydrated;
  if (!hydrated) return;
  heard.forEach((forget) => forget());
  const body = document.body.cloneNode(true);
  const focus = carry(document.body, body);
  document.body.replaceWith(body);
  focus();
}

function broken({ error, reason }) {
  if ((error ?? reason) instanceof WebAssembly.RuntimeError) plain(error ?? reason);
}

// A translator puts its words in the place of a text. When the client turns to that text, it goes back to where it was, so
// that what the client changes is seen; the translator then translates that.
function translated(text, words) {
  const parent = words.parentNode;
  const back = () => {
    for (const name of ['parentNode', 'nodeValue', 'remove', 'back']) delete text[name];
    if (words.isConnected) words.replaceWith(text);
  };
  const first = (name) => ({ configurable: true, get: () => (back(), typeof text[name] === 'function' ? text[name].bind(text) : text[name]) });
  Object.defineProperties(text, {
    parentNode: first('parentNode'),
    remove: first('remove'),
    nodeValue: { ...first('nodeValue'), set: (value) => { back(); text.nodeValue = value; } },
    back: { configurable: true, value: back },
  });
  parent.insertBefore = (node, before) => {
    before?.back?.();
    return Node.prototype.insertBefore.call(parent, node, before);
  };
}

const translations = new MutationObserver((changes) => {
  for (const { addedNodes, removedNodes, previousSibling, nextSibling } of changes) {
    const words = [...addedNodes, previousSibling, nextSibling].find((node) => node?.nodeName === 'FONT' && node.isConnected);
    if (!words) continue;
    for (const text of removedNodes) if (text.nodeType === Node.TEXT_NODE && !text.back) translated(text, words);
  }
});

async function wake() {
  const client = await import(js);
  await client.default({ module_or_path: wasm });
  await composed();
  let fresh;
  if (structureOf(document.body) !== structure) {
    fresh = await anew();
    await composed();
  }
  addEventListener('error', broken);
  addEventListener('unhandledrejection', broken);
  [window, document].forEach(listening);
  hydrated = true;
  // At once: whoever changed the page would change this one too.
  const focus = fresh && replace(fresh);
  client.hydrate();
  focus?.();
  translations.observe(document.body, { childList: true, subtree: true });
  // What hydration has put off has run by then.
  await new Promise((done) => setTimeout(done));
  if (!failed) root.dataset.hydrated = '';
}

wake().catch(plain);
