import { FOREIGN, holdClient, meddle } from '../lib/foreign.ts';
import { createKeys, detailsOf, grid, names, openKeys, row } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

test('Edit that is pressed before the client has come opens the dialog, and the page lives after Escape', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  const release = await holdClient(page);
  await page.goto(`${ownServer.url}/keys`, { waitUntil: 'domcontentloaded' });
  await row(page, 'Acme').hover();
  await row(page, 'Acme').getByRole('button', { name: 'Edit Acme' }).click();
  await page.waitForURL(/edit=/);
  release();
  await ready(page);
  const edit = page.getByRole('dialog', { name: 'Edit API key' });
  await expect(edit.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme');
  await edit.getByText('Advanced').click();
  await expect(edit.getByRole('textbox', { name: 'Notes' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(edit).toBeHidden();
  await page.keyboard.press('n');
  await expect(page.getByRole('dialog', { name: 'Add API key' })).toBeVisible();
});

test('what is typed and chosen before the client comes is used after it', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await signIn(page, ownServer);
  const release = await holdClient(page);
  await page.goto(`${ownServer.url}/keys`, { waitUntil: 'domcontentloaded' });
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  await search.pressSequentially('acm');
  await page.getByRole('combobox', { name: 'Access' }).selectOption({ label: 'CRM' });
  await search.focus();
  release();
  await ready(page);
  await expect(search).toBeFocused();
  await expect(search).toHaveValue('acm');
  await expect(page).toHaveURL(/search=acm.*preset=crm/);
  await expect.poll(() => names(page)).toEqual(['Acme']);
});

test('a form that is sent before the client has come goes the plain way', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await signIn(page, ownServer);
  const release = await holdClient(page);
  await page.goto(`${ownServer.url}/keys`, { waitUntil: 'domcontentloaded' });
  await page.getByRole('searchbox', { name: 'Quick Search' }).pressSequentially('bor');
  await page.keyboard.press('Enter');
  await page.waitForURL(/search=bor/);
  expect(await names(page)).toEqual(['Borealis']);
  release();
  await ready(page);
  expect(await names(page)).toEqual(['Borealis']);
});

test('in a dialog the text, the caret and the focus stay as they were when the client comes', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  const release = await holdClient(page);
  await page.goto(`${ownServer.url}/keys?new`, { waitUntil: 'domcontentloaded' });
  const dialog = page.getByRole('dialog', { name: 'Add API key' });
  await dialog.getByText('Advanced').click();
  const notes = dialog.getByRole('textbox', { name: 'Notes' });
  await notes.pressSequentially('one three');
  for (let left = 0; left < 5; left++) await page.keyboard.press('ArrowLeft');
  release();
  await ready(page);
  await expect(notes).toBeFocused();
  await page.keyboard.type('two ');
  await expect(notes).toHaveValue('one two three');
});

for (const kind of FOREIGN) {
  test(`a page that came with ${kind} keeps what was typed, and lives`, async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme', 'Borealis');
    await signIn(page, ownServer);
    await meddle(page, [kind]);
    const release = await holdClient(page);
    await page.goto(`${ownServer.url}/keys?new`, { waitUntil: 'domcontentloaded' });
    const dialog = page.locator('#add');
    await dialog.locator('[name=preset][value=live-widget]').check();
    await dialog.locator('[name=client_name]').pressSequentially('Ace');
    await page.keyboard.press('ArrowLeft');
    release();
    await ready(page);
    await page.keyboard.type('m');
    await expect(dialog.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme');
    await expect(dialog.locator('[name=preset][value=live-widget]')).toBeChecked();
    await dialog.getByRole('button', { name: 'Generate key' }).click();
    await expect(dialog.getByText(/ccc_live_[0-9A-Za-z]{36}/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('searchbox', { name: 'Quick Search' }).pressSequentially('bor');
    await expect.poll(() => names(page)).toEqual(['Borealis']);
  });
}

test('a page that is translated while it is open shows what changes', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  // As browsers translate: words in the place of each text, and anew whenever a text comes.
  await page.evaluate(() => {
    const translate = () => {
      const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (nodes.nextNode()) texts.push(nodes.currentNode as Text);
      for (const text of texts) {
        if (text.parentElement!.closest('font, script, [translate=no]') || text.data.trim() === '') continue;
        const words = document.createElement('font');
        words.append(Object.assign(document.createElement('font'), { textContent: `ü ${text.data}` }));
        text.replaceWith(words);
      }
    };
    translate();
    new MutationObserver(translate).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await expect(page.getByText('ü 3 API keys')).toBeVisible();
  await expect(row(page, 'Acme')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Quick Search' }).fill('bor');
  await expect(page.getByText('ü 1 API key', { exact: true })).toBeVisible();
  await expect(page.getByText('ü 3 API keys')).toHaveCount(0);
  await row(page, 'Borealis').getByRole('checkbox').check();
  await expect(page.getByText('ü 1 selected')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox', { name: 'Quick Search' }).fill('nothing like it');
  await expect(page.getByRole('heading', { name: /No API keys match/ })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Quick Search' }).fill('');
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis']);
});

test('names, hints and keys are not translated', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  const translated = (place: string) =>
    page.locator(place).evaluateAll((all) => all.filter((one) => (one as HTMLElement).translate).map((one) => one.outerHTML));
  expect(await translated('bdi, code, kbd, pre, [data-stop=key]')).toEqual([]);
  await page.goto(await detailsOf(ownServer, 'Acme'));
  expect(await translated('bdi, code, kbd, pre')).toEqual([]);
});

test.describe('a client that fails', () => {
  test('leaves plain forms that work, with what was typed', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme', 'Borealis');
    await signIn(page, ownServer);
    // It fails where a page is not as it expects: it can't find its way.
    const release = await holdClient(page);
    await page.addInitScript(() => {
      const next = Object.getOwnPropertyDescriptor(Node.prototype, 'nextSibling')!;
      Object.defineProperty(Node.prototype, 'nextSibling', {
        get(this: Node) {
          const { asked } = globalThis as { asked?: number };
          Object.assign(globalThis, { asked: (asked ?? 0) + 1 });
          if (document.querySelector('#wake') && (asked ?? 0) > 100) throw new WebAssembly.RuntimeError('unreachable');
          return next.get!.call(this);
        },
      });
    });
    await page.goto(`${ownServer.url}/keys`, { waitUntil: 'domcontentloaded' });
    const search = page.getByRole('searchbox', { name: 'Quick Search' });
    await search.fill('bor');
    const warned = page.waitForEvent('console', (message) => message.text().includes('works without its client'));
    release();
    await warned;
    await expect(page.locator('html')).not.toHaveAttribute('data-hydrated');
    await expect(search).toHaveValue('bor');
    await search.press('Enter');
    await page.waitForURL(/search=bor/);
    await expect(grid(page).getByRole('gridcell', { name: 'Borealis', exact: true })).toBeVisible();
    await page.getByRole('button', { name: 'Add API key' }).click();
    await page.waitForURL(/new=/);
    await expect(page.getByRole('dialog', { name: 'Add API key' })).toBeVisible();
  });

  test('later leaves them too', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await openKeys(page, ownServer, '?new');
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await add.getByRole('radio', { name: 'Live widget' }).check();
    await add.getByRole('textbox', { name: 'Client Name' }).fill('Typed');
    const error = () => window.dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }));
    await page.evaluate(error);
    await expect(page.locator('html')).not.toHaveAttribute('data-hydrated');
    await expect(add.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Typed');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText(/ccc_live_[0-9A-Za-z]{36}/)).toBeVisible();
  });
});

test('letters that are typed fast stay in the search field, whatever the list answers when', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  // Answers come late and in any order.
  let held: (() => void)[] = [];
  await page.route('**/api/_fn/list_keys*', async (route) => {
    await new Promise<void>((done) => held.push(done));
    await route.continue();
  });
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  await search.focus();
  const seen = await page.evaluateHandle(() => {
    const values: string[] = [];
    const field = document.querySelector<HTMLInputElement>('#search')!;
    const watch = () => {
      values.push(field.value);
      requestAnimationFrame(watch);
    };
    watch();
    return values;
  });
  const text = 'borealis and more';
  for (const letter of text) {
    await page.keyboard.press(letter === ' ' ? 'Space' : letter);
    for (const answer of held.reverse()) answer();
    held = [];
  }
  await expect(search).toHaveValue(text);
  await expect(page).toHaveURL(new RegExp('search=borealis(%20|\\+)and(%20|\\+)more'));
  const values = await seen.jsonValue();
  expect(values.filter((value, at) => at > 0 && value.length < values[at - 1]!.length)).toEqual([]);
  for (const answer of held) answer();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('an input method composes in the search field undisturbed', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', '日本');
  await openKeys(page, ownServer);
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  await search.focus();
  const cdp = await page.context().newCDPSession(page);
  const compose = (text: string) => cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  for (const text of ['n', 'に', 'にh', 'にほn', '日本']) await compose(text);
  await expect(search).toHaveValue('日本');
  expect(new URL(page.url()).search).toBe('');
  // Enter and Escape belong to the input method.
  await search.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true, bubbles: true });
  await search.dispatchEvent('keydown', { key: 'Escape', keyCode: 229, isComposing: true, bubbles: true });
  await expect(search).toHaveValue('日本');
  await cdp.send('Input.insertText', { text: '日本' });
  await expect(page).toHaveURL(/search=%E6%97%A5%E6%9C%AC/);
  await expect.poll(() => names(page)).toEqual(['日本']);
  await expect(search).toHaveValue('日本');
});

test('an input method that composes in a dialog keeps it open, and its Enter runs no command', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  const cdp = await page.context().newCDPSession(page);
  const composed = { keyCode: 229, isComposing: true, bubbles: true, cancelable: true };
  await page.keyboard.press('n');
  const name = page.getByRole('textbox', { name: 'Client Name' });
  await cdp.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
  await name.dispatchEvent('keydown', { key: 'Escape', ...composed });
  await expect(page.getByRole('alertdialog')).toBeHidden();
  await cdp.send('Input.insertText', { text: '日本' });
  await expect(name).toHaveValue('日本');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.keyboard.press('Control+k');
  const command = page.getByRole('combobox', { name: 'Command' });
  await command.dispatchEvent('keydown', { key: 'Enter', ...composed });
  await command.dispatchEvent('keydown', { key: 'n', ...composed });
  await expect(command).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(command).toBeHidden();
});

test('a page waits for an input method before it wakes up', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  const release = await holdClient(page);
  await page.goto(`${ownServer.url}/keys?new`, { waitUntil: 'domcontentloaded' });
  const name = page.getByRole('textbox', { name: 'Client Name' });
  await name.focus();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
  const loaded = page.waitForResponse(/\.wasm$/);
  release();
  await (await loaded).finished();
  await expect(page.locator('html')).not.toHaveAttribute('data-hydrated');
  await cdp.send('Input.insertText', { text: '日本' });
  await ready(page);
  await expect(name).toBeFocused();
  await expect(name).toHaveValue('日本');
});
