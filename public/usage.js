// The page of usage follows new calls while its range ends now: server-sent events say that there are other numbers, and this fetches them
// and puts them in the place of the old ones. Without it the page shows what it was sent.
const root = document.documentElement;
const page = document.querySelector('.usage-page');
const state = page.querySelector('[data-live-state]');
const button = page.querySelector('[data-pause]');
const RETRY_MS = 15000;
const TRIES = 4;

let source;
let retry;
let tries = 0;
let paused = false;
let fetching = false;
let again = false;

const numbers = () => document.getElementById('usage-numbers');

function say(text) {
  if (state && state.textContent !== text) state.textContent = text;
}

// Where the focus is, in words that hold for the newer numbers too.
function placeOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute('href');
  if (href) return `a[href="${CSS.escape(href)}"]`;
  const details = element.closest('details');
  return details ? `#${CSS.escape(details.id)} > summary` : undefined;
}

// What was opened stays open, what was scrolled stays where it is, and the focus too.
function put(fresh) {
  const old = numbers();
  if (!old || !fresh) return;
  const selection = getSelection();
  // Somebody is about to copy from it. The next event comes again.
  if (!selection.isCollapsed && old.contains(selection.anchorNode)) return;
  for (const details of old.querySelectorAll('details[open]')) {
    const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
    if (same) same.open = true;
  }
  const scrolled = [...old.querySelectorAll('.table-scroll')].map(({ id, scrollLeft, scrollTop }) => ({ id, scrollLeft, scrollTop }));
  const focused = old.contains(document.activeElement) ? placeOf(document.activeElement) : undefined;
  old.replaceWith(fresh);
  for (const { id, scrollLeft, scrollTop } of scrolled) {
    const same = document.getElementById(id);
    if (same) Object.assign(same, { scrollLeft, scrollTop });
  }
  if (focused === undefined) return;
  const same = fresh.querySelector(focused) ?? fresh;
  if (same === fresh) fresh.tabIndex = -1;
  same.focus({ preventScroll: true });
}

async function refresh() {
  again = fetching;
  if (fetching) return;
  fetching = true;
  try {
    // The server does not count this as a use of the session: an open page does not keep its session alive.
    const headers = { accept: 'text/html', 'x-keydesk-by-itself': '1', 'x-keydesk-drawn-for': root.dataset.for ?? '' };
    const answer = await fetch(location.href, { headers });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    put(fresh.getElementById('usage-numbers'));
  } catch {
    // Keydesk can't be reached; the next event may succeed.
  } finally {
    fetching = false;
    if (again) refresh();
  }
}

function stop() {
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

function follow() {
  stop();
  if (!page.dataset.stream || paused || document.hidden) return;
  source = new EventSource(page.dataset.stream);
  source.addEventListener('totals', ({ data }) => {
    tries = 0;
    say('Live');
    if (numbers()?.dataset.totals !== data) refresh();
  });
  source.addEventListener('signed-out', () => {
    stop();
    // Nothing follows any more, whatever becomes of the page.
    delete page.dataset.stream;
    button?.remove();
    say('Signed out: reload to go on');
  });
  source.addEventListener('error', () => {
    // While it is connecting the browser tries by itself.
    if (source?.readyState !== EventSource.CLOSED) return say('Not connected, trying again');
    stop();
    if (++tries >= TRIES) return say('Stopped: reload to go on');
    say('Not connected, trying again');
    retry = setTimeout(follow, RETRY_MS);
  });
}

button?.addEventListener('click', () => {
  paused = !paused;
  button.textContent = paused ? 'Resume' : 'Pause';
  // Only the first event makes it live.
  say(paused ? 'Paused' : 'Connecting');
  tries = 0;
  follow();
});

// A page that nobody sees asks for nothing, and has no stream that somebody else could have.
document.addEventListener('visibilitychange', follow);
addEventListener('pagehide', stop);
addEventListener('pageshow', ({ persisted }) => persisted && follow());

// The first visit of a browser: the server did not know whose days they are.
const read = document.documentElement.dataset.zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
if (page.dataset.zone !== read) refresh();
follow();
