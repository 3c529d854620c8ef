// The Integration Documentation: snippets in the reader's language, and a test key that is kept in the memory of this page alone and
// stands in its snippets. Without it languages are links, and a key is put into the environment.
const root = document.documentElement;
const YEAR_SECONDS = 31536000;

// Languages.

function choose(tab, language) {
  const before = tab.getBoundingClientRect().top;
  for (const list of document.querySelectorAll('.docs-tabs')) {
    const chosen = list.querySelector(`[data-language="${language}"]`);
    if (!chosen) continue;
    for (const other of list.querySelectorAll('[role=tab]')) {
      const here = other === chosen;
      other.ariaSelected = String(here);
      other.tabIndex = here ? 0 : -1;
      document.getElementById(other.getAttribute('aria-controls')).hidden = !here;
    }
  }
  // What stands above may have grown; what was clicked stays where it is.
  scrollBy(0, tab.getBoundingClientRect().top - before);
  document.cookie = `docs_language=${language}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

addEventListener('click', (event) => {
  const tab = event.target.closest?.('.docs-tabs [role=tab]');
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  choose(tab, tab.dataset.language);
  tab.focus({ preventScroll: true });
});

addEventListener('keydown', (event) => {
  const tab = event.target.closest?.('.docs-tabs [role=tab]');
  if (!tab) return;
  const tabs = [...tab.parentElement.querySelectorAll('[role=tab]')];
  const at = tabs.indexOf(tab);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1, ' ': at }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const chosen = tabs[next % tabs.length];
  choose(chosen, chosen.dataset.language);
  chosen.focus({ preventScroll: true });
});

// The test key in snippets: how each language reads the variable, and how it writes a text.

const READ = [
  [/\$\{KEYDESK_KEY(?::\?[^}]*)?\}|\$KEYDESK_KEY\b/g, (key) => key],
  [/os\.environ\[(["'])KEYDESK_KEY\1\]/g, (key, quote) => `${quote}${key}${quote}`],
  [/process\.env\.KEYDESK_KEY\b/g, (key) => `'${key}'`],
  [/(?:System\.getenv|os\.Getenv|Environment\.GetEnvironmentVariable)\("KEYDESK_KEY"\)/g, (key) => `"${key}"`],
  [/getenv\((["'])KEYDESK_KEY\1\)/g, (key) => `'${key}'`],
  [/(export KEYDESK_KEY=)\S*/g, (key, start) => `${start}${key}`],
];

function fill(key) {
  for (const code of document.querySelectorAll('.docs-code code')) {
    code.dataset.template ??= code.textContent;
    const filled = READ.reduce((text, [read, write]) => text.replace(read, (_, part) => write(key, part)), code.dataset.template);
    if (filled !== code.textContent) code.textContent = filled;
  }
}

// Making one.

const make = document.querySelector('[data-make-key]');
const said = document.getElementById('docs-key-said');

make?.addEventListener('click', async () => {
  make.disabled = true;
  said.textContent = 'Making a test key …';
  try {
    const access = (make.dataset.chooser && document.getElementById(make.dataset.chooser)?.value) || make.dataset.makeKey;
    const answer = await fetch('/docs/test-key', {
      method: 'POST',
      headers: { accept: 'application/json', 'x-keydesk-drawn-for': root.dataset.for ?? '' },
      body: new URLSearchParams({ access }),
    });
    const made = await answer.json();
    if (!answer.ok) throw new Error(made.detail ?? 'The key was not made.');
    document.getElementById('docs-key').textContent = made.key;
    document.getElementById('docs-key-shown').hidden = false;
    fill(made.key);
    said.textContent = `This test key has ${made.scopes.join(', ')}. It ends ${new Date(made.expires_at).toLocaleString()}.`;
    make.textContent = 'Make another test key';
    dispatchEvent(new CustomEvent('keydesk:test-key', { detail: made }));
  } catch (error) {
    said.textContent = error instanceof TypeError ? 'Keydesk can’t be reached. Try again.' : error.message;
  } finally {
    make.disabled = false;
  }
});

// A page that comes back from the browser's memory has no key.
addEventListener('pagehide', () => {
  const shown = document.getElementById('docs-key');
  if (!shown?.textContent) return;
  shown.textContent = '';
  document.getElementById('docs-key-shown').hidden = true;
  said.textContent = '';
  for (const code of document.querySelectorAll('[data-template]')) code.textContent = code.dataset.template;
});
