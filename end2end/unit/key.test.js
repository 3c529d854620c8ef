import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './page.js';

const script = 'key.js';
const FORM = '<form id="settings" data-draft=""><input id="name" value="Acme"><input type="checkbox" id="tick"><button>Save</button></form>';
const COPY = `<form id="copy" action="/keys/1?for=ada" data-copies="said"><input type="hidden" name="token" value="t">
  <button name="intent" value="copy">Copy</button></form><p id="said"></p>`;

/** A page of a key with this tab open; the other is empty. */
function body(tab, { settings = FORM, activity = '<h2>Calls</h2>' } = {}) {
  const link = (name, title, href) => `<li><a id="tab-${name}" href="${href}" data-panel="panel-${name}"
    ${tab === name ? 'aria-current="page"' : ''}>${title}</a></li>`;
  const panel = (name, content) => `<section id="panel-${name}" aria-labelledby="tab-${name}" ${tab === name ? '' : 'hidden'}>${tab === name ? content : ''}</section>`;
  return `<div class="key-page" data-address="/keys/1">${COPY}<nav class="tabs" aria-label="This key"><ul>
    ${link('settings', 'Settings', '/keys/1')}${link('activity', 'Activity', '/keys/1/activity')}</ul></nav>
    ${panel('settings', settings)}${panel('activity', activity)}</div>`;
}

const answered = (html, title = '') => async () => ({
  ok: true, redirected: false, text: async () => `<html><head><title>${title}</title></head><body>${html}</body></html>`,
});
const begin = (tab, options = {}) => open(script, body(tab), { path: tab === 'settings' ? '/keys/1' : '/keys/1/activity', ...options });
const at = (page) => page.window.location.pathname;
const selected = (page) => ['settings', 'activity'].map((name) => page.find(`#tab-${name}`).getAttribute('aria-selected'));
const hidden = (page) => ['settings', 'activity'].map((name) => page.find(`#panel-${name}`).hidden);

test('the links become tabs, of which one is in the order of the keyboard', () => {
  const page = begin('activity');
  assert.equal(page.find('ul').getAttribute('role'), 'tablist');
  assert.equal(page.find('ul').getAttribute('aria-label'), 'This key');
  assert.equal(page.find('nav').hasAttribute('aria-label'), false);
  assert.deepEqual(selected(page), ['false', 'true']);
  assert.deepEqual(['settings', 'activity'].map((name) => page.find(`#tab-${name}`).tabIndex), [-1, 0]);
  assert.equal(page.find('#tab-settings').getAttribute('aria-controls'), 'panel-settings');
  assert.equal(page.find('#panel-activity').getAttribute('role'), 'tabpanel');
  assert.equal(page.find('[aria-current]'), null);
});

test('arrows, Home and End move between tabs, and Space opens one', async () => {
  const page = begin('settings', { answer: answered(body('activity'), 'Activity of Acme') });
  page.find('#tab-settings').focus();
  for (const [key, id] of [['ArrowRight', 'activity'], ['ArrowRight', 'settings'], ['ArrowLeft', 'activity'], ['Home', 'settings'], ['End', 'activity']]) {
    assert.equal(page.press(key).defaultPrevented, true, key);
    assert.equal(page.document.activeElement.id, `tab-${id}`, key);
  }
  assert.deepEqual(selected(page), ['true', 'false'], 'moving opens nothing');
  assert.equal(page.press(' ').defaultPrevented, true);
  await page.settle();
  assert.deepEqual([selected(page), hidden(page)], [['false', 'true'], [true, false]]);
  assert.equal(page.text('#panel-activity'), 'Calls');
  assert.deepEqual([page.document.title, at(page), page.find('.key-page').dataset.address],
    ['Activity of Acme', '/keys/1/activity', '/keys/1/activity']);
});

test('what is typed stays while the other tab is open, and Back goes back to it', async () => {
  const page = begin('settings', { answer: answered(body('activity')) });
  page.find('#name').value = 'Acme Airlines';
  page.find('#tab-activity').click();
  await page.settle();
  page.find('#tab-settings').click();
  await page.settle();
  assert.equal(page.find('#name').value, 'Acme Airlines');
  assert.equal(page.asked.length, 1, 'the form is not asked for again');
  page.window.history.back();
  await new Promise((done) => page.window.addEventListener('popstate', done));
  await page.settle();
  assert.deepEqual([at(page), selected(page)], ['/keys/1/activity', ['false', 'true']]);
  assert.equal(page.asked.length, 2, 'what was done goes on');
});

test('whoever leaves is asked about what they have typed, and not about what is sent', () => {
  for (const [change, asks] of [
    [() => {}, false],
    [(page) => { page.find('#name').value = 'x'; }, true],
    [(page) => { page.find('#tick').checked = true; }, true],
    [(page) => { page.find('#settings').dataset.draft = 'typed'; }, true],
    [(page) => { page.find('#name').value = 'x'; page.submit('#settings'); }, false],
  ]) {
    const page = begin('settings');
    change(page);
    const leaving = new page.window.Event('beforeunload', { cancelable: true });
    page.window.dispatchEvent(leaving);
    assert.equal(leaving.defaultPrevented, asks);
  }
});

const given = (over = {}) => async () => ({ ok: true, headers: new Map([['content-type', 'text/plain; charset=utf-8']]), text: async () => 'ccc_live_1', ...over });

test('the key goes to the clipboard, and into no address and no page', async () => {
  const page = begin('settings', { answer: given() });
  assert.equal(page.submit('#copy', '#copy button').defaultPrevented, true);
  await page.settle();
  assert.deepEqual([page.copied, page.text('#said')], [['ccc_live_1'], 'Copied']);
  const [{ url, method, headers, body: sent }] = page.asked;
  assert.deepEqual([url, method, headers.accept, String(sent)],
    ['https://keydesk.example/keys/1?for=ada', 'POST', 'text/plain', 'token=t&intent=copy']);
  assert.equal(page.document.body.innerHTML.includes('ccc_live_1'), false);
});

const CONFIRM = `<section><h1>Confirm it is you</h1><form method="post" action="/keys/1?for=ada" data-confirms>
  <input type="hidden" name="token" value="t"><input type="hidden" name="intent" value="copy"><input type="hidden" name="proof_confirm" value="yes">
  <input name="proof_password" autofocus><a href="/keys/1" data-close>Cancel</a><button>Confirm</button></form></section>`;
const asks = (text = CONFIRM) => ({ ok: false, status: 403, headers: new Map([['content-type', 'text/html']]), text: async () => text });

test('whoever must prove who they are is asked over the page, and then the key goes to the clipboard', async () => {
  const answers = [asks(), asks(CONFIRM.replace('<form', '<p role="alert">The password is not right.</p><form')), await given()()];
  const page = begin('settings', { answer: async () => answers.shift() });
  page.find('#name').value = 'Acme Airlines';
  page.submit('#copy', '#copy button');
  await page.settle();
  assert.deepEqual([page.find('dialog').open, page.text('dialog h2'), page.text('#said')], [true, 'Confirm it is you', '']);
  assert.equal(page.document.activeElement.name, 'proof_password');
  page.find('[name=proof_password]').value = 'wrong';
  page.submit('dialog form', 'dialog button');
  await page.settle();
  assert.equal(page.text('dialog [role=alert]'), 'The password is not right.');
  page.find('[name=proof_password]').value = 'right';
  page.submit('dialog form');
  await page.settle();
  assert.equal(String(page.asked[2].body), 'token=t&intent=copy&proof_confirm=yes&proof_password=right');
  assert.deepEqual([page.find('dialog'), page.copied, page.text('#said')], [null, ['ccc_live_1'], 'Copied']);
  assert.equal(page.find('#name').value, 'Acme Airlines', 'what was typed stays');
});

test('whoever has no password signs in again in another tab, and then the key goes to the clipboard', async () => {
  const elsewhere = `<section><h1>Confirm it is you</h1><form method="post" action="/login/oidc" target="_blank"><button>Continue with Example</button></form>
    <form method="post" action="/keys/1?for=ada" data-confirms><input type="hidden" name="intent" value="copy">
    <input type="hidden" name="proof_confirm" value="elsewhere"><button>I have signed in there</button></form></section>`;
  const answers = [asks(elsewhere), await given()()];
  const page = begin('settings', { answer: async () => answers.shift() });
  page.submit('#copy', '#copy button');
  await page.settle();
  assert.equal(page.submit('dialog form[target]').defaultPrevented, false, 'it leads to the other tab');
  page.submit('dialog form[data-confirms]', 'dialog form[data-confirms] button');
  await page.settle();
  assert.equal(String(page.asked[1].body), 'intent=copy&proof_confirm=elsewhere');
  assert.deepEqual([page.find('dialog'), page.copied], [null, ['ccc_live_1']]);
});

test('whoever cancels stays where they are, and nothing is copied', async () => {
  const page = begin('settings', { answer: async () => asks() });
  page.submit('#copy', '#copy button');
  await page.settle();
  page.find('dialog [data-close]').click();
  assert.deepEqual([page.find('dialog'), page.copied, page.asked.length, at(page)], [null, [], 1, '/keys/1']);
});

test('an answer that is no key is not copied, and nothing is asked for where nothing can be copied', async () => {
  for (const over of [{ ok: false }, { headers: new Map([['content-type', 'text/html']]) }]) {
    const page = begin('settings', { answer: given(over) });
    page.submit('#copy', '#copy button');
    await page.settle();
    assert.deepEqual(page.copied, []);
    assert.match(page.text('#said'), /was not copied/);
  }
  const page = begin('settings', { answer: given(), before: (window) => { delete window.navigator.clipboard; } });
  page.submit('#copy', '#copy button');
  await page.settle();
  assert.deepEqual([page.asked, page.text('#said').includes('Press Reveal')], [[], true]);
});
