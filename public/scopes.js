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
  const preset = new FormData(form).get('preset') ?? 'custom';
  const [title, brought] = presets[preset];
  if (presetChanged && (preset !== 'custom' || chosen.value === 'preset')) {
    // They come with the preset, and are no choice of somebody who would miss them.
    for (const tick of ticks) tick.checked = tick.defaultChecked = brought.includes(tick.value);
    // An existing key has the scopes that are ticked; a new one has those of its preset until one is ticked.
    if (form.querySelector('[type=radio][name=preset]')) chosen.value = 'preset';
  }
  const held = ticks.filter((tick) => tick.checked).map((tick) => tick.value);
  const custom = held.length ? held.join(', ') : 'Nothing';
  const said = fields.querySelector('[data-summary]');
  // Its one text and nothing beside it: what a page is made of stays as it was sent, or it is taken for a page that somebody
  // else has changed (`wake.js`).
  (said.firstChild ?? said.appendChild(new Text())).data = preset === 'custom' ? custom : summary(title, brought, held);
}

addEventListener('change', ({ target }) => {
  if (target.name === 'preset') follow(target.form, true);
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
