// Keeps the scopes of a form in step with its preset, and says in words how they differ from it.
const root = document.documentElement;
root.dataset.scopes = '';

const allows = (held, wanted) => held === wanted || (held.endsWith(':*') && held.split(':')[0] === wanted.split(':')[0]);

function summary(title, brought, held) {
  const without = brought.filter((scope) => !held.some((one) => allows(one, scope)));
  const more = held.filter((scope) => !brought.some((one) => allows(one, scope)));
  let text = title;
  if (without.length) text += ` without ${without.join(', ')}`;
  if (more.length) text += `${without.length ? ',' : ''} with ${more.join(', ')}`;
  return text;
}

// All of a kind gives each of it: the ticks show that, and are as they were when it is taken away again.
function cover(group) {
  const all = group.querySelector('[role=switch]');
  for (const tick of group.querySelectorAll('[name=scope]:not([role=switch])')) {
    if (!all || tick.disabled === all.checked) continue;
    if (all.checked) {
      tick.own = [tick.checked, tick.defaultChecked];
      // No work of somebody who would miss it.
      tick.checked = tick.defaultChecked = true;
    } else {
      [tick.checked, tick.defaultChecked] = tick.own;
    }
    tick.disabled = all.checked;
  }
}

// What is disabled is sent by nobody, but a key keeps the scopes that it has beside all of their kind.
addEventListener('formdata', ({ target, formData }) => {
  for (const tick of target.querySelectorAll('[name=scope]:disabled')) if (tick.own?.[0]) formData.append('scope', tick.value);
});

function follow(form, presetChanged) {
  const fields = form?.querySelector('[data-presets]');
  if (!fields) return;
  const presets = JSON.parse(fields.dataset.presets);
  const chosen = form.querySelector('[name=access]');
  const ticks = [...fields.querySelectorAll('[name=scope]')];
  // Nothing is chosen yet: then nothing is brought.
  const preset = new FormData(form).get('preset');
  const [title, brought] = presets[preset] ?? ['', []];
  if (presetChanged && (preset !== 'custom' || chosen.value === 'preset')) {
    // They come with the preset, and are no choice of somebody who would miss them.
    for (const tick of ticks) {
      tick.disabled = false;
      tick.checked = tick.defaultChecked = brought.includes(tick.value);
    }
    // An existing key has the scopes that are ticked; a new one has those of its preset until one is ticked.
    if (form.querySelector('[type=radio][name=preset]')) chosen.value = 'preset';
  }
  fields.querySelectorAll('.scope-group').forEach(cover);
  const held = ticks.filter((tick) => tick.checked && !tick.disabled).map((tick) => tick.value);
  const none = preset ? 'Nothing' : '';
  const custom = held.length ? held.join(', ') : none;
  const named = preset && preset !== 'custom';
  const said = fields.querySelector('[data-summary]');
  // Its one text and nothing beside it: what a page is made of stays as it was sent, or it is taken for a page that somebody
  // else has changed (`wake.js`).
  (said.firstChild ?? said.appendChild(new Text())).data = named ? summary(title, brought, held) : custom;
}

// Custom brings no scopes, so it shows where they are chosen. The focus stays with the person.
function unfold(form) {
  const folded = form.querySelector('details.advanced');
  if (!folded) return;
  folded.open = true;
  folded.querySelector('.scope-fields')?.scrollIntoView({ block: 'nearest' });
}

// Says at the group that an integration is to be chosen, in the words of the server, where the browser would say it its own way.
function unchosen(event) {
  const { target } = event;
  const form = target.form;
  const note = form?.querySelector('[data-problem=preset]');
  if (target.name !== 'preset' || target.type !== 'radio' || !note) return;
  event.preventDefault();
  note.textContent = 'Choose an integration.';
  if (form.querySelector(':invalid:not(fieldset)') === target) target.focus();
}

function isChosen(form) {
  const note = form.querySelector('[data-problem=preset]');
  if (note) note.textContent = '';
}
addEventListener('invalid', unchosen, true);

addEventListener('change', ({ target }) => {
  if (target.name === 'preset' && target.form?.querySelector('[data-presets], .presets')) {
    follow(target.form, true);
    isChosen(target.form);
    if (target.type === 'radio' && target.value === 'custom') unfold(target.form);
  }
  // Other forms have scopes and no integration.
  const access = target.name === 'scope' && target.form?.querySelector('[name=access]');
  if (access) {
    access.value = 'chosen';
    follow(target.form, false);
  }
});

// The reader's own address, below those that are there.
addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-mine]');
  if (!button) return;
  const { mine, into } = button.dataset;
  const field = button.form.querySelector(`[name=${into}]`);
  const lines = field.value.split('\n').map((line) => line.trim()).filter((line) => line);
  if (!lines.includes(mine)) {
    field.value = [...lines, mine].join('\n');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  field.focus();
});

// The fields may arrive after the preset was chosen.
const catchUp = (form) => follow(form, form?.querySelector('[name=access]')?.value === 'preset');
const came = (node) => node.matches?.('[data-presets]') || node.querySelector?.('[data-presets]');
new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    const around = target.closest?.('form');
    for (const node of [...addedNodes].filter(came)) (around ? [around] : node.querySelectorAll('form')).forEach(catchUp);
  }
}).observe(document, { childList: true, subtree: true });
for (const form of document.forms) catchUp(form);

// Limits: rows that are empty are hidden behind a button, a new key's rows follow its preset until somebody writes in them, and each
// rate limit is said in words while it is typed, in those of the server (`limit_words.rs`).
const UNITS = { s: [1, 'second'], m: [60, 'minute'], h: [3600, 'hour'], d: [86400, 'day'] };
const RATE = ['name', 'calls', 'window', 'unit', 'burst', 'scopes'];
const grouped = (number) => number.toLocaleString('en');
const written = (text) => (/^\d+$/.test(text.replaceAll(/[, \u00a0\u202f’]/g, '')) ? Number(text.replaceAll(/\D/g, '')) : NaN);
const rowsOf = (fields) => [...fields.querySelectorAll('[data-limit]')];
const inputOf = (row, name) => row.querySelector(`[name=${row.closest('[data-limits]').dataset.limits}_${name}]`);
const isEmpty = (row) => !inputOf(row, 'name').value.trim() && !inputOf(row, 'calls').value.trim();

function pace(seconds) {
  if (seconds < 0.001) return `${grouped(Math.floor(1 / seconds))} a second`;
  if (seconds < 60) return `one every ${Number((Math.floor(seconds * 1000) / 1000).toFixed(3))} s`;
  const rest = Math.floor(seconds % 60);
  return `one every ${grouped(Math.floor(seconds / 60))} min${rest ? ` ${rest} s` : ''}`;
}

function explained(row) {
  const calls = written(inputOf(row, 'calls').value);
  const [length] = UNITS[inputOf(row, 'unit').value] ?? [60];
  const window = (inputOf(row, 'window').value.trim() ? written(inputOf(row, 'window').value) : 1) * length;
  const burst = inputOf(row, 'burst').value.trim() ? written(inputOf(row, 'burst').value) : calls;
  if (!(calls >= 1 && calls <= Number.MAX_SAFE_INTEGER && window >= 1 && window <= 86400 && burst >= 1 && burst <= calls)) return '';
  const nanos = BigInt(window) * 1_000_000_000n;
  const interval = nanos / BigInt(calls) || 1n;
  const most = BigInt(burst) + (nanos - 1n) / interval;
  const [unit, name] = Object.values(UNITS).findLast(([unit]) => window % unit === 0);
  const time = window === unit ? name : `${window / unit} ${name}s`;
  const pass = most === 1n ? 'call passes' : 'calls pass';
  return `Up to ${grouped(burst)} at once; then ${pace(Number(interval) / 1e9)}. In any ${time} at most ${grouped(most)} ${pass}.`;
}

function explain(row) {
  const said = row.querySelector('[data-explained]');
  if (said) (said.firstChild ?? said.appendChild(new Text())).data = explained(row);
}

function show(fields) {
  const rows = rowsOf(fields);
  for (const row of rows) row.hidden = isEmpty(row) && !row.contains(document.activeElement);
  fields.querySelector('[data-add]').hidden = rows.every((row) => !row.hidden);
}

function fillLimits(form) {
  const choice = form?.querySelector('select[name=limits]');
  const fields = form?.querySelector('[data-limits=rate]');
  const presets = form?.querySelector('[data-presets]')?.dataset.presets;
  if (!fields || !presets || choice?.value !== 'preset') return;
  const brought = JSON.parse(presets)[new FormData(form).get('preset')]?.[2] ?? [];
  rowsOf(fields).forEach((row, index) => {
    const limit = brought[index] ?? { window: '1', unit: 'm' };
    for (const name of RATE) {
      const field = inputOf(row, name);
      field.value = limit[name] ?? '';
      // They come with the preset, and are no work of somebody who would miss them.
      if (field.matches('input')) field.defaultValue = field.value;
    }
    explain(row);
  });
  show(fields);
}

addEventListener('input', ({ target }) => {
  const row = target.closest?.('[data-limit]');
  if (!row) return;
  const choice = target.form.querySelector('select[name=limits]');
  if (choice) choice.value = 'own';
  explain(row);
});
addEventListener('change', ({ target }) => {
  if (target.name === 'preset' || (target.name === 'limits' && target.value === 'preset')) fillLimits(target.form);
});
addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-limits] button');
  if (!button) return;
  const fields = button.closest('[data-limits]');
  const choice = button.form?.querySelector('select[name=limits]');
  if (choice) choice.value = 'own';
  if (button.matches('[data-add]')) {
    const row = rowsOf(fields).find((row) => row.hidden);
    if (!row) return;
    row.hidden = false;
    inputOf(row, 'name').focus();
  } else {
    const row = button.closest('[data-limit]');
    for (const name of ['name', 'calls', 'burst', 'zone', 'scopes']) if (inputOf(row, name)) inputOf(row, name).value = '';
    explain(row);
    row.hidden = true;
    fields.querySelector('[data-add]').hidden = false;
    fields.querySelector('[data-add]').focus();
    return;
  }
  fields.querySelector('[data-add]').hidden = rowsOf(fields).every((row) => !row.hidden);
});

const limitsCame = (node) => [node.matches?.('[data-limits]') ? node : [], ...(node.querySelectorAll?.('[data-limits]') ?? [])].flat();
const arrived = (node) => {
  for (const fields of limitsCame(node)) {
    fillLimits(fields.closest('form'));
    show(fields);
  }
};
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) addedNodes.forEach(arrived);
}).observe(document, { childList: true, subtree: true });
arrived(document);
