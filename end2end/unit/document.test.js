import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, open } from './page.js';

const script = 'document.js';
const at = (milliseconds) => new Date(NOW + milliseconds).toISOString();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

test('a page says that it is ready', () => {
  assert.equal(open(script, '').document.documentElement.dataset.hydrated, '');
});

test('times are relative in the largest unit that is full', () => {
  for (const [shift, text] of [
    [0, 'now'], [-59_000, 'now'], [-MINUTE, '1 minute ago'], [-119_000, '1 minute ago'], [-61 * MINUTE, '1 hour ago'],
    [-DAY, 'yesterday'], [DAY, 'tomorrow'], [3 * DAY + MINUTE, 'in 3 days'], [-31 * DAY, 'last month'],
    [-800 * DAY, '2 years ago'],
  ]) {
    const page = open(script, `<time data-time="relative" datetime="${at(shift)}">x</time>`);
    assert.equal(page.text('time'), text, `${shift} ms`);
  }
});

test('times have the whole instant as their title, and stay as they are without data-time', () => {
  const page = open(script, `
    <time id="instant" data-time="instant" datetime="2026-02-28T09:05:00Z">x</time>
    <time id="plain" datetime="2026-02-28T09:05:00Z">as it is</time>`);
  assert.equal(page.text('#instant'), '28 Feb 2026, 09:05');
  assert.match(page.find('#instant').title, /^Saturday,? 28 February 2026 at 09:05:00 (UTC|GMT)$/);
  assert.equal(page.text('#plain'), 'as it is');
  assert.equal(page.find('#plain').title, '');
});

test('times move on by themselves', async () => {
  const page = open(script, `<time data-time="relative" datetime="${at(0)}">x</time>`);
  page.window.Date.now = () => NOW + 5 * MINUTE;
  await page.tick();
  assert.equal(page.text('time'), '5 minutes ago');
});

const COPY = `
  <code id="secret"> ccc_live_1 </code><p id="said"></p>
  <button data-copy="secret" aria-describedby="said"><svg></svg>Copy</button>`;

test('copying copies the text without what surrounds it, and says so', async () => {
  const page = open(script, COPY);
  page.find('svg').dispatchEvent(new page.window.MouseEvent('click', { bubbles: true }));
  await page.settle();
  assert.deepEqual(page.copied, ['ccc_live_1']);
  assert.equal(page.text('#said'), 'Copied');
});

test('where copying is not allowed, the text is selected', async () => {
  const page = open(script, COPY);
  page.window.navigator.clipboard.writeText = async () => { throw new Error('denied'); };
  page.find('button').click();
  await page.settle();
  assert.equal(page.window.getSelection().toString().trim(), 'ccc_live_1');
  assert.match(page.text('#said'), /The text is selected/);
});

test('a click elsewhere copies nothing', async () => {
  const page = open(script, `${COPY}<p id="elsewhere">x</p>`);
  page.find('#elsewhere').click();
  page.document.dispatchEvent(new page.window.MouseEvent('click', { bubbles: true }));
  await page.settle();
  assert.deepEqual(page.copied, []);
});

test('a form that may be sent once is sent once', () => {
  const page = open(script, '<form id="once" data-once></form><form id="often"></form>');
  assert.deepEqual([1, 2, 3].map(() => page.submit('#once').defaultPrevented), [false, true, true]);
  assert.deepEqual([1, 2].map(() => page.submit('#often').defaultPrevented), [false, false]);
});

const MENU = `
  <div class="menu" id="themes"><form action="/theme">
    <button id="system" name="theme" value="system" role="menuitemradio" aria-checked="false">System</button>
    <button id="light" name="theme" value="light" role="menuitemradio" aria-checked="true">Light<i>tick</i></button>
    <button id="dark" name="theme" value="dark" role="menuitemradio" aria-checked="false">Dark</button>
  </form></div>`;

test('a theme is chosen without another page', () => {
  const page = open(script, MENU, { answer: () => ({ ok: true }) });
  assert.equal(page.submit('form', '#dark').defaultPrevented, true);
  assert.equal(page.document.documentElement.dataset.theme, 'dark');
  assert.deepEqual(
    ['#system', '#light', '#dark'].map((item) => page.find(item).getAttribute('aria-checked')),
    ['false', 'false', 'true'],
  );
  assert.equal(page.text('#light'), 'Light');
  assert.equal(page.text('#dark'), 'Darktick');
  assert.deepEqual(page.hidden, ['themes']);
  const [asked] = page.asked;
  assert.equal(asked.url, 'https://keydesk.example/theme');
  assert.equal(asked.method, 'POST');
  assert.equal(asked.headers.accept, 'application/json');
  assert.equal(String(asked.body), 'theme=dark');
});

test('the theme that is chosen already keeps its tick', () => {
  const page = open(script, MENU, { answer: () => ({ ok: true }) });
  page.submit('form', '#light');
  assert.equal(page.text('#light'), 'Lighttick');
  assert.equal(page.find('#light').getAttribute('aria-checked'), 'true');
});

function opened(page, newState = 'open') {
  page.send('.menu', Object.assign(new page.window.Event('toggle'), { newState }));
}

test('a menu that opens has its focus on the chosen entry, else on the first', () => {
  const page = open(script, MENU);
  opened(page, 'closed');
  assert.equal(page.document.activeElement, page.document.body);
  opened(page);
  assert.equal(page.document.activeElement.id, 'light');
  const plain = open(script, '<div class="menu"><a href="/a" role="menuitem" id="a">A</a><a href="/b" role="menuitem">B</a></div>');
  opened(plain);
  assert.equal(plain.document.activeElement.id, 'a');
});

test('arrows, Home and End move in a menu and around its ends', () => {
  const page = open(script, MENU);
  opened(page);
  for (const [key, id] of [
    ['ArrowDown', 'dark'], ['ArrowDown', 'system'], ['ArrowUp', 'dark'], ['ArrowUp', 'light'], ['Home', 'system'],
    ['End', 'dark'],
  ]) {
    assert.equal(page.press(key).defaultPrevented, true, key);
    assert.equal(page.document.activeElement.id, id, key);
  }
  assert.equal(page.press('x').defaultPrevented, false);
  assert.deepEqual(page.hidden, []);
  assert.equal(page.press('Tab').defaultPrevented, false);
  assert.deepEqual(page.hidden, ['themes']);
});

test('keys outside of a menu are left alone', () => {
  const page = open(script, '<input id="field">');
  page.find('#field').focus();
  assert.equal(page.press('ArrowDown').defaultPrevented, false);
});

const PART = (text, more = '') => `<section id="part" data-live data-text="${text}"><h2>Secrets</h2><p>${text}</p>${more}</section>`;
const said = (text, more) => `Secrets${text}${more ?? ''}`;
const page_of = (html) => async () => ({ ok: true, redirected: false, text: async () => `<html><body>${html}</body></html>` });

test('a part that changed takes the place of the one that stands there, without counting as use', async () => {
  const page = open(script, PART('two'), { path: '/keys/1?tab=a', answer: page_of(PART('one')) });
  await page.tick();
  assert.equal(page.text('#part p'), 'one');
  assert.equal(page.find('#part').dataset.text, said('one'));
  assert.equal(page.asked[0].url, '/keys/1');
  assert.equal(page.asked[0].headers['x-keydesk-by-itself'], '1');
  const standing = page.find('#part');
  await page.tick();
  assert.equal(page.find('#part'), standing, 'nothing changed, and it was replaced');
});

test('times in a part that came are in the reader\'s words', async () => {
  const time = `<time data-time="relative" datetime="${at(-3 * MINUTE)}">x</time>`;
  const page = open(script, PART('two'), { answer: page_of(PART('one', time)) });
  await page.tick();
  assert.equal(page.text('time'), '3 minutes ago');
});

test('the focus stays on the same button, or goes to the heading', async () => {
  const button = '<button>Withdraw</button>';
  for (const [more, focused] of [[button, 'Withdraw'], ['', 'Secrets']]) {
    const page = open(script, PART('two', button), { answer: page_of(PART('one', more)) });
    page.find('button').focus();
    await page.tick();
    assert.equal(page.document.activeElement.textContent, focused);
  }
});

test('nothing is replaced by another page, a failure, or nothing', async () => {
  for (const answer of [
    async () => ({ ok: false, redirected: false, text: async () => PART('one') }),
    async () => ({ ok: true, redirected: true, text: async () => PART('one') }),
    page_of('<p>no such part</p>'),
    () => { throw new Error('away'); },
  ]) {
    const page = open(script, PART('two'), { answer });
    await page.tick();
    assert.equal(page.text('#part p'), 'two');
    assert.equal(page.asked.length, 1);
  }
});

test('a page that nobody looks at asks for nothing, nor does one without such parts', async () => {
  const hidden = open(script, PART('two'), { answer: page_of(PART('one')) });
  Object.defineProperty(hidden.document, 'hidden', { value: true });
  await hidden.tick();
  assert.deepEqual(hidden.asked, []);
  const still = open(script, '<p>x</p>');
  await still.tick();
  assert.deepEqual(still.asked, []);
});

test('a message that was shown once is not shown again after a reload', () => {
  assert.equal(open(script, '', { path: '/keys/1?done=made' }).window.location.href, 'https://keydesk.example/keys/1');
  assert.equal(open(script, '', { path: '/keys?search=x' }).window.location.search, '?search=x');
});

const COMMAND = `
  <div data-unseen="covered" data-hint="ccc_…1"><code id="key" data-secret>ccc_live_it's</code><button data-show="key" hidden>Show</button></div>
  <pre><code id="call">KEYDESK_KEY='<span data-key="key">ccc_…1</span>'\ncurl x</code></pre><p id="told"></p>
  <button data-copy="call" aria-describedby="told">Copy command</button>`;

test('a command is copied with the key that it shows the hint of', async () => {
  const page = open(script, COMMAND);
  for (const covered of [false, true]) {
    if (covered) page.window.dispatchEvent(new page.window.Event('pagehide'));
    assert.equal(page.text('#key').includes('live'), !covered);
    page.find('[data-copy]').click();
    await page.settle();
  }
  assert.deepEqual(page.copied, Array(2).fill("KEYDESK_KEY='ccc_live_it'\\''s'\ncurl x"));
  assert.equal(page.text('#call'), "KEYDESK_KEY='ccc_…1'\ncurl x");
});

test('where copying is not allowed, the command has the key until nobody looks', async () => {
  const page = open(script, COMMAND);
  page.window.navigator.clipboard.writeText = async () => { throw new Error('denied'); };
  page.find('[data-copy]').click();
  await page.settle();
  assert.equal(page.window.getSelection().toString(), "KEYDESK_KEY='ccc_live_it'\\''s'\ncurl x");
  page.window.dispatchEvent(new page.window.Event('pagehide'));
  assert.equal(page.text('#call'), "KEYDESK_KEY='ccc_…1'\ncurl x");
});

const DIALOGS = (window) => {
  window.HTMLDialogElement.prototype.showModal = function () { this.open = true; };
  window.HTMLDialogElement.prototype.close = function () { this.open = false; this.dispatchEvent(new window.Event('close')); };
};
const OPENERS = `<div data-address="/keys/1/activity"><a id="open-rotate" href="/keys/1?open=rotate" data-opens>Rotate</a>
  <form action="/keys/1" data-opens><button id="open-disable" name="open" value="disable">Disable</button></form></div>`;
const dialog = (opener) => page_of(`<div><dialog id="d" open data-modal="${opener}"><a href="/keys/1" data-close>Cancel</a></dialog></div>`);

test('a dialog opens without leaving the page, and leaves it as it was', async () => {
  for (const [opener, address] of [['open-rotate', '/keys/1?open=rotate'], ['open-disable', '/keys/1?open=disable']]) {
    const page = open(script, OPENERS, { path: '/keys/1/activity', before: DIALOGS, answer: dialog(opener) });
    if (opener === 'open-rotate') page.find('#open-rotate').click();
    else page.submit('form', '#open-disable');
    await page.settle();
    assert.equal(page.find('#d').open, true);
    assert.deepEqual(page.asked.map(({ url }) => url.replace('https://keydesk.example', '')), [address]);
    assert.equal(page.window.location.href, `https://keydesk.example${address}`);
    page.find('[data-close]').click();
    assert.equal(page.find('#d'), null);
    assert.equal(page.window.location.pathname + page.window.location.search, '/keys/1/activity');
    assert.equal(page.document.activeElement.id, opener);
  }
});

test('a part that nobody sees is not asked for', async () => {
  const page = open(script, `<div hidden>${PART('two')}</div>`, { answer: page_of(PART('one')) });
  await page.tick();
  assert.deepEqual(page.asked, []);
});
