import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './page.js';

const ORIGIN = 'https://keydesk.example';

/** A page on which forms are noted and not sent, which jsdom can't. */
function linked(path) {
  const sent = [];
  const before = (window) => window.addEventListener('submit', (event) => {
    event.preventDefault();
    const { method, action } = event.target;
    sent.push([method, action, new window.FormData(event.target).get('code')]);
  });
  return { ...open('link.js', '<main></main>', { path, before }), sent };
}

test('the code is taken out of the address and posted', () => {
  const page = linked('/setup#a-B_1');
  assert.deepEqual(page.sent, [['post', `${ORIGIN}/setup`, 'a-B_1']]);
  assert.equal(page.window.location.href, `${ORIGIN}/setup`);
  assert.equal(page.window.history.length, 1);
});

test('without a code nothing is posted', () => {
  for (const path of ['/setup', '/setup#', '/setup?token=a']) {
    assert.deepEqual(linked(path).sent, []);
  }
});

test('another link in the same tab is followed too', async () => {
  const page = linked('/handover#one');
  page.window.location.hash = '#two';
  await page.settle();
  assert.deepEqual(page.sent.map(([, , code]) => code), ['one', 'two']);
  assert.equal(page.window.location.hash, '');
});

test('nothing is posted to the address of an older link', () => {
  assert.deepEqual(linked('/handover/old#new').sent, [['post', `${ORIGIN}/handover`, 'new']]);
});
