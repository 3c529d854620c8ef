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
    for (const tick of ticks) tick.checked = tick.defaultChecked = brought.includes(tick.value);
    // An existing key has the scopes that are ticked; a new one has those of its preset until one is ticked.
    if (form.querySelector('[type=radio][name=preset]')) chosen.value = 'preset';
  }
  const held = ticks.filter((tick) => tick.checked).map((tick) => tick.value);
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
  if (target.name === 'scope') {
    target.form.querySelector('[name=access]').value = 'chosen';
    follow(target.form, false);
  }
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
