// The page of a key: its two pages become tabs, its key goes to the clipboard, and nobody leaves what they have typed without a
// question. Without it the tabs are links, the key is revealed, and the form is a form.
const root = document.documentElement;
const page = document.querySelector('.key-page');
const tabs = [...page.querySelectorAll('.tabs a')];
const list = tabs[0].closest('ul');
const first = tabs.find((tab) => tab.hasAttribute('aria-current'));
// What the title of the page is with each tab that was loaded.
const titles = new Map([[first, document.title]]);
const panelOf = (tab) => document.getElementById(tab.dataset.panel);
const isOpen = (tab) => tab.getAttribute('aria-selected') === 'true';

function show(chosen) {
  for (const tab of tabs) {
    const open = tab === chosen;
    tab.removeAttribute('aria-current');
    tab.setAttribute('aria-selected', String(open));
    tab.tabIndex = open ? 0 : -1;
    panelOf(tab).hidden = !open;
  }
}

// As the tabs pattern of WAI-ARIA has it.
function begin() {
  const around = list.closest('nav');
  list.setAttribute('role', 'tablist');
  list.setAttribute('aria-label', around.getAttribute('aria-label'));
  around.removeAttribute('aria-label');
  for (const plain of [around, ...list.children]) plain.setAttribute('role', 'presentation');
  for (const tab of tabs) {
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', tab.dataset.panel);
    panelOf(tab).setAttribute('role', 'tabpanel');
  }
  show(first);
}

async function load(tab) {
  const headers = { accept: 'text/html', 'x-keydesk-drawn-for': root.dataset.for ?? '' };
  const answer = await fetch(tab.href, { headers });
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const panel = fresh.getElementById(tab.dataset.panel);
  if (!answer.ok || answer.redirected || !panel) throw new Error(`${answer.status}`);
  panelOf(tab).replaceChildren(...panel.childNodes);
  titles.set(tab, fresh.title);
}

let wanted;
async function choose(tab, remember) {
  wanted = tab;
  try {
    // What is typed in a form stays; what was done with the key goes on.
    if (!titles.has(tab) || !panelOf(tab).querySelector('form[data-draft]')) await load(tab);
  } catch {
    // The page of that address says what is wrong.
    location.assign(tab.href);
    return;
  }
  if (wanted !== tab) return;
  show(tab);
  document.title = titles.get(tab);
  page.dataset.address = tab.getAttribute('href');
  if (remember) history.pushState(null, '', tab.href);
  dispatchEvent(new Event('keydesk:came'));
}

const plain = (event) => !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

list.addEventListener('click', (event) => {
  const tab = event.target.closest('[role=tab]');
  if (!tab || event.button !== 0 || !plain(event)) return;
  event.preventDefault();
  if (!isOpen(tab)) choose(tab, true);
});

list.addEventListener('keydown', (event) => {
  const at = tabs.indexOf(event.target);
  if (at < 0 || !plain(event)) return;
  const count = tabs.length;
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 }[event.key];
  if (event.key === ' ') {
    event.preventDefault();
    tabs[at].click();
  } else if (next !== undefined) {
    event.preventDefault();
    tabs[next % count].focus();
  }
});

addEventListener('popstate', () => {
  const tab = tabs.find(({ pathname }) => pathname === location.pathname) ?? first;
  if (!isOpen(tab)) choose(tab, false);
});

// The key, without showing it. It is asked for when the button is pressed, and the history says so.
addEventListener('submit', async (event) => {
  const { target, submitter } = event;
  if (!target.matches('form[data-copies]')) return;
  event.preventDefault();
  const said = document.getElementById(target.dataset.copies);
  const refused = 'This browser does not allow copying. Press Reveal, and copy the key there.';
  said.textContent = '';
  if (!navigator.clipboard) {
    said.textContent = refused;
    return;
  }
  let key;
  try {
    const body = new URLSearchParams(new FormData(target));
    body.append(submitter.name, submitter.value);
    const answer = await fetch(target.action, { method: 'POST', headers: { accept: 'text/plain' }, body });
    if (!answer.ok || !answer.headers.get('content-type')?.startsWith('text/plain')) throw new Error(`${answer.status}`);
    key = await answer.text();
  } catch {
    said.textContent = 'The key was not copied: Keydesk did not give it. Reload the page and try again.';
    return;
  }
  try {
    await navigator.clipboard.writeText(key);
    said.textContent = 'Copied';
  } catch {
    said.textContent = refused;
  }
});

// Whether a field has another value than it came with.
function isChanged(field) {
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  if (field.localName === 'select') {
    const came = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(came, 0);
  }
  return /^(input|textarea)$/.test(field.localName) && field.type !== 'hidden' && field.value !== field.defaultValue;
}

let sent = false;
addEventListener('submit', ({ target }) => { sent ||= target.matches('form[data-draft]'); });
addEventListener('pageshow', () => { sent = false; });
addEventListener('beforeunload', (event) => {
  const form = page.querySelector('form[data-draft]');
  if (form && !sent && (form.dataset.draft === 'typed' || [...form.elements].some(isChanged))) event.preventDefault();
});

begin();
