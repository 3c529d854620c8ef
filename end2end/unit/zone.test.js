import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open as openPage } from './page.js';

/** The page in a time zone. The dates of JavaScript go by the process's. */
function open(body, timeZone = 'Europe/Zurich', options = {}) {
  process.env.TZ = timeZone;
  return openPage('zone.js', body, { timeZone, ...options });
}

const form = (chosen, day = '') => `<form>
  <select name="expires"><option value="${chosen}" selected></option></select>
  <input type="date" name="expires_on" value="${day}"><input type="hidden" name="time_zone" value="UTC"><p data-stops></p></form>`;
const stops = (chosen, day, zone) => open(form(chosen, day), zone).text('[data-stops]');

test('every choice is spelled out by the clocks of the reader', () => {
  // The time on every page is 2026-03-01T12:00:00Z.
  for (const [chosen, day, zone, words] of [
    ['never', '', 'Europe/Zurich', 'Never stops by itself'],
    ['30', '', 'Europe/Zurich', 'Stops 31 Mar 2026, 14:00, Zurich'],
    ['365', '', 'America/Los_Angeles', 'Stops 1 Mar 2027, 04:00, Los Angeles'],
    ['date', '', 'Australia/Sydney', 'Stops at 23:59 on that day, Sydney'],
    ['date', '2026-12-31', 'Australia/Sydney', 'Stops 31 Dec 2026, 23:59, Sydney'],
    ['date', '2026-12-31', 'Pacific/Kiritimati', 'Stops 31 Dec 2026, 23:59, Kiritimati'],
    ['date', '2026-12-31', 'Etc/GMT+5', 'Stops 31 Dec 2026, 23:59, UTC-5'],
    ['date', '2026-12-31', 'Etc/UTC', 'Stops 31 Dec 2026, 23:59, UTC'],
    // Clocks left out 0:00 of the day after, and a whole day.
    ['date', '2018-11-03', 'America/Sao_Paulo', 'Stopped 3 Nov 2018, 23:59, Sao Paulo'],
    ['date', '2011-12-30', 'Pacific/Apia', 'Stopped 29 Dec 2011, 23:59, Apia'],
    ['2027-01-01T08:00:00.000Z', '', 'America/Los_Angeles', 'Stops 31 Dec 2026, 23:59, Los Angeles'],
    ['2027-01-01T08:00:00.000Z', '', 'UTC', 'Stops 1 Jan 2027, 08:00, UTC'],
    ['soon', '', 'UTC', ''],
  ]) {
    assert.equal(stops(chosen, day, zone), words, `${chosen} ${day} ${zone}`);
  }
});

test('the form says whose day it is, and the cookie says it at the next visit', () => {
  const page = open(form('never'), 'Pacific/Kiritimati');
  assert.equal(page.find('[name=time_zone]').value, 'Pacific/Kiritimati');
  assert.match(page.document.cookie, /time_zone=Pacific\/Kiritimati/);
});

test('the words follow as one chooses, also in fields that arrive later', async () => {
  const page = open('<form id="late"></form>');
  page.find('#late').innerHTML = `<div>${form('date', '2026-05-01').replace(/<\/?form>/g, '')}</div>`;
  await page.settle();
  assert.equal(page.text('[data-stops]'), 'Stops 1 May 2026, 23:59, Zurich');
  page.change('[name=expires_on]', { value: '2026-05-02' });
  assert.equal(page.text('[data-stops]'), 'Stops 2 May 2026, 23:59, Zurich');
});

test('ends that the server wrote in another zone are written anew', () => {
  const end = '2027-01-01T08:00:00.000Z';
  const page = open(`<time data-time="end" datetime="${end}">server</time>
    <time data-time="ends" datetime="${end}" title="server"><span>server</span></time>`, 'America/Los_Angeles');
  assert.equal(page.text('[data-time=end]'), '31 Dec 2026, 23:59, Los Angeles');
  assert.equal(page.find('[data-time=ends]').title, 'Stops 31 Dec 2026, 23:59, Los Angeles');
  assert.equal(page.text('[data-time=ends]'), '31 Dec 2026');
});

test('the language of what scripts write is known to all of them', () => {
  for (const [locale, dir] of [['en-GB', 'ltr'], ['ar-EG', 'rtl'], ['he', 'rtl'], ['fa-IR', 'rtl'], ['az', 'ltr'], ['pa-Arab', 'rtl']]) {
    const { timesLang, timesDir } = open('', 'UTC', { locale }).document.documentElement.dataset;
    assert.deepEqual([timesLang, timesDir], [locale, dir]);
  }
});

test('whoever has chosen a time zone reads by that one, wherever they are', () => {
  const inAuckland = (chosen, day) => {
    process.env.TZ = 'America/Los_Angeles';
    const before = ({ document }) => { document.documentElement.dataset.zone = 'Pacific/Auckland'; };
    return openPage('zone.js', form(chosen, day), { timeZone: 'America/Los_Angeles', before });
  };
  for (const [chosen, day, words] of [
    ['30', '', 'Stops 1 Apr 2026, 01:00, Auckland'],
    ['date', '2026-12-31', 'Stops 31 Dec 2026, 23:59, Auckland'],
    // Clocks are set that night.
    ['date', '2026-04-05', 'Stops 5 Apr 2026, 23:59, Auckland'],
    ['date', '', 'Stops at 23:59 on that day, Auckland'],
    ['2026-12-31T11:00:00.000Z', '', 'Stops 31 Dec 2026, 23:59, Auckland'],
  ]) {
    const page = inAuckland(chosen, day);
    assert.equal(page.text('[data-stops]'), words);
    assert.equal(page.find('[name=time_zone]').value, 'Pacific/Auckland');
    assert.match(page.document.cookie, /time_zone=America\/Los_Angeles/, 'the choice is of the account, and the cookie of the browser');
  }
});
