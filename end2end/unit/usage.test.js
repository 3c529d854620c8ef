import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './page.js';

const BODY = (totals, inner = '') => `
  <div class="usage-page" data-stream="/usage/stream?range=1h&for=1" data-zone="UTC">
    <span data-live-state>Live</span><button data-pause>Pause</button>
    <div id="usage-numbers" data-totals="${totals}">${inner}</div>
  </div>`;

/** A page that follows, in a browser whose streams are noted and opened by nobody. */
function followed(body, answer) {
  const streams = [];
  const timers = [];
  const before = (window) => {
    window.EventSource = class extends window.EventTarget {
      static CLOSED = 2;
      readyState = 0;
      constructor(url) { super(); this.url = url; streams.push(this); }
      close() { this.readyState = 2; }
      tell(name, data) { this.dispatchEvent(Object.assign(new window.Event(name), { data })); }
    };
    window.setTimeout = (work) => timers.push(work);
    window.CSS = { escape: (text) => text.replaceAll('"', '\\"') };
    window.Intl = class { static DateTimeFormat = class { resolvedOptions() { return { timeZone: 'UTC' }; } }; };
  };
  const text = async () => `<!doctype html>${answer?.() ?? ''}`;
  const page = open('usage.js', body, { before, answer: async () => ({ ok: true, redirected: false, text }) });
  const see = (visible) => {
    Object.defineProperty(page.document, 'hidden', { value: !visible, configurable: true });
    page.document.dispatchEvent(new page.window.Event('visibilitychange'));
  };
  return { ...page, streams, timers, see, newest: () => streams.at(-1) };
}

test('an event with other numbers brings them, and one with the same does not', async () => {
  const page = followed(BODY('1 allowed, 0 refused', 'old'), () => BODY('2 allowed, 0 refused', 'new'));
  assert.equal(page.newest().url, '/usage/stream?range=1h&for=1');
  page.newest().tell('totals', '1 allowed, 0 refused');
  await page.settle();
  assert.equal(page.asked.length, 0);
  page.newest().tell('totals', '2 allowed, 0 refused');
  await page.settle();
  assert.equal(page.asked.length, 1);
  assert.equal(page.asked[0].headers['x-keydesk-by-itself'], '1');
  assert.equal(page.text('#usage-numbers'), 'new');
});

test('what was opened stays open, and the focus stays where it was', async () => {
  const inner = (rows) => `
    <details id="calls-table"><summary>Table</summary>
      <div class="table-scroll" id="calls-scroll" tabindex="0">${rows}</div></details>
    <a href="/usage?client=Acme">Acme</a>`;
  const page = followed(BODY('1', inner('one')), () => BODY('2', inner('two')));
  page.find('details').open = true;
  page.find('a').focus();
  page.newest().tell('totals', '2');
  await page.settle();
  assert.equal(page.text('#calls-scroll'), 'two');
  assert.equal(page.find('details').open, true);
  assert.equal(page.document.activeElement, page.find('a'));
  page.find('#calls-scroll').focus();
  page.newest().tell('totals', '3');
  await page.settle();
  assert.equal(page.document.activeElement, page.find('#calls-scroll'));
});

test('a page that is paused or not seen has no stream', () => {
  const page = followed(BODY('1'));
  const first = page.newest();
  page.find('button').click();
  assert.deepEqual([first.readyState, page.text('button'), page.text('[data-live-state]')], [2, 'Resume', 'Paused']);
  page.see(false);
  page.see(true);
  assert.equal(page.streams.length, 1);
  page.find('button').click();
  assert.deepEqual([page.streams.length, page.text('button'), page.text('[data-live-state]')], [2, 'Pause', 'Connecting']);
  page.newest().tell('totals', '1');
  assert.equal(page.text('[data-live-state]'), 'Live');
  page.see(false);
  assert.equal(page.newest().readyState, 2);
  page.see(true);
  assert.equal(page.streams.length, 3);
});

test('a stream that is refused is asked for a few times', () => {
  const page = followed(BODY('1'));
  for (let tries = 1; tries <= 4; tries++) {
    page.newest().readyState = 2;
    page.newest().tell('error');
    page.timers.pop()?.();
  }
  assert.equal(page.streams.length, 4);
  assert.match(page.text('[data-live-state]'), /^Stopped/);
});

test('whoever is signed out is told so, and nothing is tried again', () => {
  const page = followed(BODY('1'));
  page.newest().tell('signed-out');
  assert.deepEqual([page.newest().readyState, page.find('button')], [2, null]);
  page.see(false);
  page.see(true);
  assert.equal(page.streams.length, 1);
  assert.match(page.text('[data-live-state]'), /^Signed out/);
});

test('a page without a stream is left alone, and one of another zone is drawn anew', async () => {
  const over = followed(BODY('1').replace(/data-stream="[^"]*"/, ''));
  assert.equal(over.streams.length, 0);
  const abroad = followed(BODY('1').replace('data-zone="UTC"', 'data-zone="Asia/Tokyo"'), () => BODY('1', 'by own clocks'));
  await abroad.settle();
  assert.equal(abroad.text('#usage-numbers'), 'by own clocks');
});
