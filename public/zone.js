// Whose days they are: tells Keydesk the reader's time zone, and spells out the instants at which keys stop. Without it the server
// does, in the zone that an earlier visit has left in the cookie, or in the installation's.
const root = document.documentElement;
const { timeZone: here, locale } = new Intl.DateTimeFormat().resolvedOptions();
// Whoever has chosen a time zone for their account reads by that one, wherever they are.
const chosenZone = root.dataset.zone;
const timeZone = chosenZone ?? here;
const DAY_MS = 86400000;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const YEAR_SECONDS = 31536000;
const RIGHT_TO_LEFT = ['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa'];

// The language in which scripts write times; the page itself is in another.
root.dataset.timesLang = locale;
root.dataset.timesDir = RIGHT_TO_LEFT.includes(new Intl.Locale(locale).maximize().script) ? 'rtl' : 'ltr';

const secure = location.protocol === 'https:' ? '; Secure' : '';
document.cookie = `time_zone=${here}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;

/** People know a zone by its city. The signs of Etc/GMT are those of POSIX: Etc/GMT+5 is five hours behind. */
function place() {
  const offset = /^Etc\/GMT([+-])0*(\d+)$/.exec(timeZone);
  if (offset) return +offset[2] ? `UTC${offset[1] === '+' ? '-' : '+'}${offset[2]}` : 'UTC';
  const last = timeZone.split('/').pop().replaceAll('_', ' ');
  return ['UTC', 'UCT', 'Universal', 'Zulu'].includes(last) || timeZone === 'Etc/GMT' ? 'UTC' : last;
}

// The dates of JavaScript go by the clocks of the browser; those of another place are read from what is written.
const clock = chosenZone && new Intl.DateTimeFormat('en-US-u-nu-latn', {
  timeZone: chosenZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
});

/** Year, month, day, hour and minute by the reader's clocks. */
function read(ms) {
  if (!clock) {
    const at = new Date(ms);
    return [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes()];
  }
  const found = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return [found.year, found.month, found.day, found.hour, found.minute];
}

const sameDay = (one, other) => String(read(one).slice(0, 3)) === String(read(other).slice(0, 3));

// What ends with a day does so at 23:59, as people say, and not at 0:00 of the next.
const last = (end) => (sameDay(end, end - 1) ? end : end - 1);
const two = (number) => String(number).padStart(2, '0');

function words(end) {
  const [year, month, date, hour, minute] = read(last(end));
  const day = `${date} ${MONTHS[month - 1]} ${String(year).padStart(4, '0')}`;
  return `${day}, ${two(hour)}:${two(minute)}, ${place()}`;
}

/** The first instant of the day after. */
function endOf(day) {
  const [year, month, date] = day.split('-').map(Number);
  const end = new Date(0);
  if (!clock) {
    end.setFullYear(year, month - 1, date + 1);
    return end.setHours(0, 0, 0, 0);
  }
  const after = end.setUTCFullYear(year, month - 1, date + 1);
  const dayAt = (ms) => {
    const [ofYear, ofMonth, ofDate] = read(ms);
    return new Date(0).setUTCFullYear(ofYear, ofMonth - 1, ofDate);
  };
  // No place is further than a day from UTC.
  let [before, found] = [after - 2 * DAY_MS, after + 2 * DAY_MS];
  while (found - before > 1) {
    const middle = Math.floor((before + found) / 2);
    if (dayAt(middle) < after) before = middle;
    else found = middle;
  }
  return found;
}

function stops(chosen, day) {
  if (chosen === 'never') return 'Never stops by itself';
  if (chosen === 'date' && !day) return `Stops at 23:59 on that day, ${place()}`;
  const days = /^\d+$/.test(chosen) ? Number(chosen) : undefined;
  const end = chosen === 'date' ? endOf(day) : days === undefined ? Date.parse(chosen) : Date.now() + days * DAY_MS;
  if (Number.isNaN(end)) return '';
  return `${end > Date.now() ? 'Stops' : 'Stopped'} ${words(end)}`;
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function follow(form) {
  const note = form?.querySelector('[data-stops]');
  if (!note) return;
  const { time_zone: zone, expires, expires_on: day } = form.elements;
  zone.value = timeZone;
  for (const option of expires.querySelectorAll('[data-words]')) {
    write(option, option.dataset.words.replace('{}', words(Date.parse(option.value))));
  }
  write(note, stops(expires.value, day.value));
}

const dayInWords = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', ...(chosenZone && { timeZone }) });

function spell(time) {
  const end = Date.parse(time.dateTime);
  if (time.dataset.time === 'end') return write(time, words(end));
  const day = time.firstElementChild;
  const text = dayInWords.format(last(end));
  // The text stays the node that it was: whoever rendered it may still hold it.
  if (day.firstChild && day.textContent !== text) day.firstChild.nodeValue = text;
  Object.assign(day, { lang: root.dataset.timesLang, dir: root.dataset.timesDir });
  time.title = `Stops ${words(end)}`;
}

const TIMES = 'time[data-time=end], time[data-time=ends]';

function spellAll(part) {
  if (part.matches?.(TIMES)) spell(part);
  part.querySelectorAll?.(TIMES).forEach(spell);
}

const chosen = ({ target }) => {
  if (['expires', 'expires_on'].includes(target.name)) follow(target.form);
};
addEventListener('change', chosen);
addEventListener('input', chosen);

// Fields and rows may arrive later.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      spellAll(node);
      follow(node.querySelector?.('[data-stops]')?.closest('form'));
    }
  }
}).observe(document, { childList: true, subtree: true });
spellAll(document);
for (const form of document.forms) follow(form);
