import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './page.js';

const script = 'scopes.js';
const PRESETS = {
  crm: ['CRM', ['contacts:read', 'calls:*']],
  widget: ['Live widget', ['live:read']],
  custom: ['Custom', []],
};
const SCOPES = ['contacts:read', 'contacts:write', 'calls:*', 'calls:read', 'live:read'];

const ticks = () => SCOPES.map((scope) => `<input type="checkbox" name="scope" value="${scope}">`).join('');
const fields = () => `<fieldset data-presets='${JSON.stringify(PRESETS)}'>${ticks()}<p data-summary></p></fieldset>`;

/** The form of a new key, whose presets are radio buttons, or of an existing key, whose presets are a list. */
function form(preset, chosen, { isNew = true, within = fields() } = {}) {
  const names = Object.keys(PRESETS);
  const presets = isNew
    ? names.map((name) => `<input type="radio" name="preset" value="${name}" ${name === preset ? 'checked' : ''}>`).join('')
    : `<select name="preset">${names.map((name) => `<option ${name === preset ? 'selected' : ''}>${name}</option>`).join('')}</select>`;
  return `<form>${presets}<input type="hidden" name="access" value="${chosen}">${within}</form>`;
}

const choose = (page, preset) => page.change(`[name=preset][value=${preset}]`, { checked: true });
const tick = (page, scope, checked) => page.change(`[name=scope][value="${scope}"]`, { checked });
const held = (page) => [...page.document.querySelectorAll('[name=scope]')].filter((box) => box.checked).map((box) => box.value);
const summary = (page) => page.text('[data-summary]');
const chosen = (page) => page.find('[name=access]').value;

test('a new key has the scopes of its preset, from the start and whenever another is chosen', () => {
  const page = open(script, form('crm', 'preset'));
  assert.equal(page.document.documentElement.dataset.scopes, '');
  assert.deepEqual(held(page), ['contacts:read', 'calls:*']);
  assert.equal(summary(page), 'CRM');
  choose(page, 'widget');
  assert.deepEqual(held(page), ['live:read']);
  assert.equal(summary(page), 'Live widget');
  assert.equal(chosen(page), 'preset');
});

test('a changed tick is told in words, and counts from then on', () => {
  const page = open(script, form('crm', 'preset'));
  tick(page, 'live:read', true);
  assert.equal(summary(page), 'CRM with live:read');
  assert.equal(chosen(page), 'chosen');
  tick(page, 'contacts:read', false);
  assert.equal(summary(page), 'CRM without contacts:read, with live:read');
  tick(page, 'live:read', false);
  assert.equal(summary(page), 'CRM without contacts:read');
  tick(page, 'contacts:read', true);
  assert.equal(summary(page), 'CRM');
  choose(page, 'widget');
  assert.deepEqual(held(page), ['live:read']);
  assert.equal(chosen(page), 'preset');
});

test('a scope for all of a resource includes each of its scopes', () => {
  const page = open(script, form('crm', 'preset'));
  tick(page, 'calls:read', true);
  assert.equal(summary(page), 'CRM', 'calls:* holds calls:read already');
  tick(page, 'calls:*', false);
  assert.equal(summary(page), 'CRM without calls:*', 'calls:read alone does not hold all of it');
});

test('custom scopes are named one by one, and stay when a key turns custom', () => {
  const page = open(script, form('crm', 'chosen'));
  tick(page, 'contacts:write', true);
  choose(page, 'custom');
  assert.deepEqual(held(page), ['contacts:write']);
  assert.equal(summary(page), 'contacts:write');
  tick(page, 'contacts:write', false);
  assert.equal(summary(page), 'Nothing');
});

test('an existing key keeps its ticks until a preset is chosen, and they stay its own', () => {
  const marked = fields().replace('value="live:read"', 'value="live:read" checked');
  const page = open(script, form('crm', 'chosen', { isNew: false, within: marked }));
  assert.deepEqual(held(page), ['live:read']);
  assert.equal(summary(page), 'CRM without contacts:read, calls:*, with live:read');
  page.change('select', { value: 'crm' });
  assert.deepEqual(held(page), ['contacts:read', 'calls:*']);
  assert.equal(chosen(page), 'chosen');
});

test('fields that come after the preset was chosen catch up', async () => {
  const page = open(script, form('widget', 'preset', { within: '<div id="later"></div>' }));
  page.find('#later').innerHTML = fields();
  await page.settle();
  assert.deepEqual(held(page), ['live:read']);
  assert.equal(summary(page), 'Live widget');
});

test('a form without presets is left alone', () => {
  const page = open(script, '<form><input type="radio" name="preset" value="crm"></form>');
  choose(page, 'crm');
  assert.equal(page.find('form').textContent, '');
});

const grouped = (all, held = []) => {
  const tick = (scope, extra = '') => `<input type="checkbox" name="scope" value="${scope}" ${extra} ${held.includes(scope) ? 'checked' : ''}>`;
  return `<fieldset data-presets='${JSON.stringify(PRESETS)}'><div class="scope-group">
    ${tick('calls:*', `role="switch" ${all ? 'checked' : ''}`)}${tick('calls:read')}${tick('calls:make')}</div><p data-summary></p></fieldset>`;
};
const states = (page) => [...page.document.querySelectorAll('[name=scope]')].map(({ checked, disabled }) => `${checked ? 'x' : '-'}${disabled ? '!' : ''}`).join(' ');

test('all of a kind ticks each of it, and leaves them as they were', () => {
  const page = open(script, form('custom', 'chosen', { within: grouped(false, ['calls:read']) }));
  assert.deepEqual([states(page), summary(page)], ['- x -', 'calls:read']);
  tick(page, 'calls:*', true);
  assert.deepEqual([states(page), summary(page)], ['x x! x!', 'calls:*']);
  // Nobody has typed that.
  assert.equal(page.find('[value="calls:make"]').defaultChecked, true);
  tick(page, 'calls:*', false);
  assert.deepEqual([states(page), summary(page)], ['- x -', 'calls:read']);
  assert.equal(page.find('[value="calls:make"]').defaultChecked, false);
});

test('a key that has all of a kind comes so, and another preset takes it away', () => {
  const page = open(script, form('custom', 'chosen', { within: grouped(true, ['calls:*']) }));
  assert.deepEqual([states(page), summary(page)], ['x x! x!', 'calls:*']);
  choose(page, 'widget');
  assert.equal(states(page), '- - -');
  choose(page, 'crm');
  assert.equal(states(page), 'x x! x!', 'it brings calls:*');
});

test('the reader puts their own address below others, once', () => {
  const fields = '<textarea name="allowed_ips">192.0.2.0/24\n</textarea><button type="button" data-mine="203.0.113.9" data-into="allowed_ips"></button>';
  const page = open(script, `<form>${fields}</form>`);
  for (const times of [1, 2]) {
    page.find('button').click();
    assert.equal(page.find('textarea').value, '192.0.2.0/24\n203.0.113.9', `${times}`);
  }
  assert.equal(page.document.activeElement.name, 'allowed_ips');
});
