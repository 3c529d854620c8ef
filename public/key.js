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

// A proof of who sits there is asked for over the page, so that what is typed on it stays.
const confirming = document.createElement('dialog');
confirming.className = 'dialog';
confirming.setAttribute('aria-labelledby', 'confirm-title');
confirming.addEventListener('close', () => confirming.remove());
confirming.addEventListener('click', (event) => {
  if (!event.target.closest('[data-close]')) return;
  event.preventDefault();
  confirming.close();
});

// What an answer asks, whose forms are sent by this page as the one that it answers.
function confirmFirst(asked, copies) {
  const title = document.createElement('h2');
  title.id = 'confirm-title';
  title.textContent = asked.querySelector('h1').textContent;
  asked.querySelector('h1').replaceWith(title);
  for (const form of asked.querySelectorAll('form[data-confirms]')) form.dataset.copies = copies;
  confirming.replaceChildren(...asked.childNodes);
  if (!confirming.open) {
    page.append(confirming);
    confirming.showModal();
  }
  confirming.querySelector('[autofocus]')?.focus();
}

// The key that a form asks for; nothing, if a proof is asked for first.
async function keyFor(form, submitter) {
  const body = new URLSearchParams(new FormData(form));
  if (submitter?.name) body.append(submitter.name, submitter.value);
  const answer = await fetch(form.action, { method: 'POST', headers: { accept: 'text/plain' }, body });
  const text = await answer.text();
  if (answer.ok && answer.headers.get('content-type')?.startsWith('text/plain')) return text;
  const asked = new DOMParser().parseFromString(text, 'text/html').querySelector('form[data-confirms]');
  if (!asked) throw new Error(`${answer.status}`);
  confirmFirst(asked.closest('section'), form.dataset.copies);
}

// The key, without showing it. It is asked for when the button is pressed, and the history says so.
let fetching = false;
addEventListener('submit', async (event) => {
  const { target, submitter } = event;
  if (!target.matches('form[data-copies]')) return;
  event.preventDefault();
  if (fetching) return;
  const said = document.getElementById(target.dataset.copies);
  const refused = 'This browser does not allow copying. Press Reveal, and copy the key there.';
  said.textContent = '';
  if (!navigator.clipboard) {
    said.textContent = refused;
    return;
  }
  fetching = true;
  let key;
  try {
    key = await keyFor(target, submitter);
  } catch {
    confirming.close();
    said.textContent = 'The key was not copied: Keydesk did not give it. Reload the page and try again.';
    return;
  } finally {
    fetching = false;
  }
  if (key === undefined) return;
  confirming.close();
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
