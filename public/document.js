// Behaviour of pages that only the server renders: dialogs, copying and covering of what is shown once, times in the reader's own
// words, menus, and parts that change by themselves. Without it they are plain forms and links.
const root = document.documentElement;
const units = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]];
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
// Whoever has chosen a time zone for their account reads by that one.
const zone = root.dataset.zone && { timeZone: root.dataset.zone };
const instant = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', ...zone });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long', ...zone });
const LIVE_MS = 5000;
const TICK_MS = 20000;
// A key stays in sight for no longer than this.
const SEEN_MS = 60000;

// The page of the key, without what was opened or given on it.
const address = () => document.querySelector('[data-address]')?.dataset.address ?? location.pathname;

function relative(ms) {
  const seconds = Math.round((ms - Date.now()) / 1000);
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return ago.format(unit === 'second' ? 0 : Math.trunc(seconds / length), unit);
}

function times() {
  for (const time of document.querySelectorAll('time:is([data-time=instant], [data-time=relative])')) {
    const at = Date.parse(time.dateTime);
    time.textContent = time.dataset.time === 'relative' ? relative(at) : instant.format(at);
    time.title = whole.format(at);
    // The page is in English, and what is written here in the reader's language.
    if (root.dataset.timesLang) Object.assign(time, { lang: root.dataset.timesLang, dir: root.dataset.timesDir });
  }
}

// Texts that are covered at the moment, by their elements. They are copied all the same.
const covered = new Map();
const copied = new Set();
// Places in commands where a key stands, for whoever has to copy by hand, with what stands there otherwise.
const filled = new Map();
const textOf = (code) => (covered.get(code) ?? code.textContent).trim();
const keysIn = (code) => [...code.querySelectorAll('[data-key]')];
const keyOf = (place) => document.getElementById(place.dataset.key);
// Between the quotes of a command.
const quoted = (place) => textOf(keyOf(place)).replaceAll("'", "'\\''");

// A command is copied with the key that it shows the hint of.
function copyOf(code) {
  const copy = code.cloneNode(true);
  const places = keysIn(code);
  keysIn(copy).forEach((place, at) => { place.textContent = quoted(places[at]); });
  return places.length ? copy.textContent.trim() : textOf(code);
}

function say(button, text) {
  document.getElementById(button.getAttribute('aria-describedby')).textContent = text;
}

addEventListener('click', async ({ target }) => {
  const button = target.closest?.('[data-copy]');
  if (!button) return;
  const code = document.getElementById(button.dataset.copy);
  const text = copyOf(code);
  button.closest('dialog#leave')?.close();
  try {
    await navigator.clipboard.writeText(text);
    [code, ...keysIn(code).map(keyOf)].forEach((shown) => copied.add(shown));
    say(button, 'Copied');
  } catch {
    uncover(code);
    for (const place of keysIn(code)) {
      const key = quoted(place);
      if (!filled.has(place)) filled.set(place, place.textContent);
      place.textContent = key;
    }
    if (filled.size) soon();
    getSelection().selectAllChildren(code);
    say(button, 'This browser does not allow copying. The text is selected: copy it.');
  }
});

// Whoever has selected a text and copies it has it.
addEventListener('copy', () => {
  for (const code of document.querySelectorAll('[data-secret]')) {
    if (!covered.has(code) && getSelection().toString().trim() === code.textContent.trim()) copied.add(code);
  }
});

function uncover(code) {
  const text = covered.get(code);
  if (text === undefined) return;
  covered.delete(code);
  code.textContent = text;
  document.querySelector(`[data-show="${code.id}"]`).hidden = true;
  soon();
}

// What is shown nowhere else is covered, and comes back; what can be revealed anew is gone.
function cover() {
  for (const [place, hint] of filled) place.textContent = hint;
  filled.clear();
  for (const box of document.querySelectorAll('[data-unseen]')) {
    const code = box.querySelector('[data-secret]');
    if (covered.has(code)) continue;
    if (box.dataset.unseen === 'covered') {
      covered.set(code, code.textContent);
      box.querySelector('[data-show]').hidden = false;
    } else {
      const had = box.contains(document.activeElement);
      box.querySelector('[data-copy]').remove();
      const again = box.querySelector('.again');
      again.hidden = false;
      if (had) again.querySelector('button').focus();
      delete box.dataset.unseen;
    }
    code.textContent = box.dataset.hint;
  }
}

let timer;
function soon() {
  clearTimeout(timer);
  timer = setTimeout(cover, SEEN_MS);
}

addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-show]');
  if (!button) return;
  uncover(document.getElementById(button.dataset.show));
  button.parentElement.querySelector('[data-copy]').focus();
});
document.addEventListener('visibilitychange', () => document.hidden && cover());
addEventListener('blur', (event) => event.target === window && cover());
addEventListener('pagehide', cover);

// One question before something goes that nobody has copied and nothing shows again.
const question = document.getElementById('leave');
// Beside what it asks about: no key pressed in it is meant for the other dialog.
if (question) document.body.append(question);
let leave;
function asks() {
  const code = document.querySelector('[data-ask] [data-secret]');
  return code !== null && !copied.has(code);
}

function ask(event, go) {
  event.preventDefault();
  event.stopImmediatePropagation();
  leave = go;
  question.showModal();
}

function leaves(event) {
  const link = event.target.closest?.('a[href]');
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  // Tabs and dialogs leave what is shown where it is.
  if (link.target === '_blank' || link.matches('[href^="#"], [role=tab], [data-opens]') || !asks()) return;
  ask(event, () => location.assign(link.href));
}
if (question) {
  addEventListener('click', leaves, true);
  addEventListener('submit', (event) => {
    const { target, submitter } = event;
    if (submitter?.name === 'theme' || target.matches('[data-opens], [data-copies]') || !asks()) return;
    ask(event, () => target.requestSubmit(submitter));
  }, true);
  addEventListener('beforeunload', (event) => {
    if (document.querySelector('[data-ask=always]') && asks()) event.preventDefault();
  });
  question.addEventListener('click', ({ target }) => {
    if (!target.closest('[data-leave]')) return;
    copied.add(document.querySelector('[data-ask] [data-secret]'));
    question.close();
    leave();
  });
}

// A dialog that the address opens is modal. Closed, it leaves the address too, and the focus goes back to what opens it.
function modal(dialog) {
  dialog.open = false;
  dialog.showModal();
  dialog.addEventListener('cancel', (event) => {
    if (question && asks()) ask(event, () => dialog.close());
  });
  // Escape that comes twice closes a dialog without asking it.
  dialog.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing || question?.open) return;
    event.preventDefault();
    if (question && asks()) ask(event, () => dialog.close());
    else dialog.close();
  });
  dialog.addEventListener('click', (event) => {
    if (!event.target.closest('[data-close]')) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener('close', () => {
    const opener = document.getElementById(dialog.dataset.modal);
    dialog.remove();
    if (!opener) return location.assign(address());
    history.replaceState(null, '', address());
    opener.focus();
  });
}
document.querySelectorAll('dialog[data-modal]').forEach(modal);

// What opens a dialog does so without leaving the page, so that what is typed on it stays.
let opening = false;
async function open(href) {
  if (opening) return;
  opening = true;
  try {
    const headers = { accept: 'text/html', 'x-keydesk-drawn-for': root.dataset.for ?? '' };
    const answer = await fetch(href, { headers });
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const dialog = fresh.querySelector('dialog[data-modal]');
    if (!answer.ok || answer.redirected || !dialog) throw new Error(`${answer.status}`);
    document.querySelector('[data-address]').prepend(dialog);
    history.replaceState(null, '', href);
    modal(dialog);
    times();
  } catch {
    // The page of that address says what is wrong.
    location.assign(href);
  } finally {
    opening = false;
  }
}

addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-opens]');
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(link.href);
});
addEventListener('submit', (event) => {
  const { target, submitter } = event;
  if (!target.matches('form[data-opens]')) return;
  event.preventDefault();
  const asked = new URLSearchParams(new FormData(target));
  asked.append(submitter.name, submitter.value);
  open(`${target.action}?${asked}`);
});

// A form that comes back begins with what is wrong in it.
document.querySelector('form [aria-invalid=true]')?.focus();

// A double click posts a form once.
addEventListener('submit', (event) => {
  if (!event.target.matches('[data-once]')) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = '1';
});

// The theme changes without a reload, which would lose a secret that is shown once.
addEventListener('submit', (event) => {
  const { target, submitter } = event;
  if (submitter?.name !== 'theme') return;
  event.preventDefault();
  const before = target.querySelector('[aria-checked=true]');
  if (before !== submitter) submitter.append(before.lastElementChild);
  before.ariaChecked = 'false';
  submitter.ariaChecked = 'true';
  root.dataset.theme = submitter.value;
  submitter.closest('.menu').hidePopover();
  const headers = { accept: 'application/json' };
  fetch(target.action, { method: 'POST', headers, body: new URLSearchParams({ theme: submitter.value }) });
});

addEventListener('toggle', ({ target, newState }) => {
  if (newState !== 'open' || !target.matches?.('.menu')) return;
  const items = [...target.querySelectorAll('[role^=menuitem]')];
  (items.find((item) => item.ariaChecked === 'true') ?? items[0])?.focus();
}, true);

addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('.menu');
  if (!menu) return;
  const items = [...menu.querySelectorAll('[role^=menuitem]')];
  const at = items.indexOf(event.target);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === 'Tab') menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items[next % items.length].focus();
});

// Puts the focus back on the button that had it, or else on the heading of the part.
function refocus(part, label) {
  const same = [...part.querySelectorAll('button, a')].find((control) => control.textContent === label);
  const place = same ?? part.querySelector('h2');
  if (place !== same) place.tabIndex = -1;
  place.focus();
}

// These parts change by themselves: an overlap of two secrets ends, or somebody opens a link.
async function live() {
  const parts = [...document.querySelectorAll('[data-live]')].filter((part) => !part.closest('[hidden]'));
  if (document.hidden || parts.length === 0) return;
  try {
    // The server does not count this as a use of the session: an open page does not keep its session alive.
    const headers = { accept: 'text/html', 'x-keydesk-by-itself': '1', 'x-keydesk-drawn-for': root.dataset.for ?? '' };
    const answer = await fetch(address(), { headers });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of parts) {
      const other = fresh.getElementById(part.id);
      if (other && other.textContent !== part.dataset.text) {
        other.dataset.text = other.textContent;
        const focused = part.contains(document.activeElement) ? document.activeElement.textContent : undefined;
        part.replaceWith(other);
        if (focused !== undefined) refocus(other, focused);
      }
    }
    times();
  } catch {
    // Keydesk can't be reached; the next attempt may succeed.
  }
}

// Screen readers speak what comes into a region, and not what stands in it as the page opens.
for (const region of document.querySelectorAll('[data-announce]')) {
  const told = [...region.childNodes];
  region.replaceChildren();
  requestAnimationFrame(() => requestAnimationFrame(() => region.replaceChildren(...told)));
}

// A message is shown once, and not again when the page is reloaded.
if (location.search.startsWith('?done=')) history.replaceState(null, '', location.pathname);
if (document.querySelector('[data-unseen]')) soon();
times();
// Another script has put a part into the page.
addEventListener('keydesk:came', times);
setInterval(times, TICK_MS);
setInterval(live, LIVE_MS);
root.dataset.hydrated = '';
