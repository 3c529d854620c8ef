// Behaviour of pages that only the server renders: copying, times in the reader's own words, menus, and parts that change
// by themselves. Without it they are plain forms and links.
const root = document.documentElement;
const units = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]];
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const instant = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const LIVE_MS = 5000;
const TICK_MS = 20000;

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

addEventListener('click', async ({ target }) => {
  const button = target.closest?.('[data-copy]');
  if (!button) return;
  const text = document.getElementById(button.dataset.copy);
  const said = document.getElementById(button.getAttribute('aria-describedby'));
  try {
    await navigator.clipboard.writeText(text.textContent.trim());
    said.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(text);
    said.textContent = 'This browser does not allow copying. The text is selected: copy it.';
  }
});

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
  const parts = [...document.querySelectorAll('[data-live]')];
  if (document.hidden || parts.length === 0) return;
  try {
    // The server does not count this as a use of the session: an open page does not keep its session alive.
    const headers = { accept: 'text/html', 'x-keydesk-by-itself': '1', 'x-keydesk-drawn-for': root.dataset.for ?? '' };
    const answer = await fetch(location.pathname, { headers });
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

// A message is shown once, and not again when the page is reloaded.
if (location.search.startsWith('?done=')) history.replaceState(null, '', location.pathname);
times();
setInterval(times, TICK_MS);
setInterval(live, LIVE_MS);
root.dataset.hydrated = '';
