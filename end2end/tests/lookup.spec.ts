import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, grid, names, openKeys, row } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

/** Collects the addresses of all requests that a page makes. */
function addresses(page: Page): string[] {
  const seen: string[] = [];
  page.on('request', (request) => seen.push(request.url(), request.headers()['referer'] ?? ''));
  page.on('framenavigated', (frame) => seen.push(frame.url()));
  return seen;
}

/** Fails if a key, or more of it than a hint shows, is where addresses and logs are kept, or in the page. */
async function expectNowhere(key: string, seen: string[], page: Page, server: Server): Promise<void> {
  const most = key.slice(0, 'ccc_live_'.length + 8);
  expect([...seen, page.url()].filter((address) => decodeURIComponent(address).includes(most))).toEqual([]);
  expect(server.output).not.toContain(most);
  expect(await page.content()).not.toContain(most);
  expect(await page.getByRole('searchbox', { name: 'Quick Search' }).inputValue()).not.toContain(most);
}

/** Pastes a text into the field that has the focus, as a clipboard does. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    // A page that leaves the event alone gets the text into its field.
    if (document.activeElement!.dispatchEvent(event)) document.execCommand('insertText', false, text);
  }, text);
}

const answer = (page: Page) => page.getByRole('region', { name: 'Key lookup' });
const quickSearch = (page: Page) => page.getByRole('searchbox', { name: 'Quick Search' });

function mistyped(key: string): string {
  return key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
}

test('a pasted key is looked up, and gets into no address', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM', 'Borealis');
  const seen = addresses(page);
  await openKeys(page, ownServer, '?search=bor');
  const before = await page.evaluate(() => history.length);
  await quickSearch(page).focus();
  for (const text of [key!, ` "${key}",\n`, `Authorization: Bearer ${key}`, `KEY=${key!.slice(0, 20)}\n  ${key!.slice(20)}`]) {
    await paste(page, text);
    await expect(answer(page)).toContainText('Acme CRM, active, never used');
    await expect(quickSearch(page)).toHaveValue('bor');
    await expectNowhere(key!, seen, page, ownServer);
    await answer(page).getByRole('link', { name: 'Close key lookup' }).click();
    await expect(answer(page)).toBeHidden();
    await expect(quickSearch(page)).toBeFocused();
  }
  // Where no event says that it was pasted, it is looked up all the same.
  await quickSearch(page).fill(key!);
  await expect(answer(page)).toContainText('Acme CRM');
  await expect(quickSearch(page)).toHaveValue('bor');
  expect(await names(page)).toEqual(['Borealis']);
  expect(await page.evaluate(() => history.length)).toBe(before);
  await expectAccessible(page);
  await expectNowhere(key!, seen, page, ownServer);
  await expect(page.getByRole('link', { name: 'Export CSV' })).toHaveAttribute('href', /search=bor/);
  await answer(page).getByRole('link', { name: 'Open' }).click();
  await expect(page.getByRole('heading', { name: 'Acme CRM' })).toBeVisible();
});

test('a key that is typed letter by letter gets into no address', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM');
  const seen = addresses(page);
  await openKeys(page, ownServer);
  await quickSearch(page).pressSequentially(key!);
  await quickSearch(page).press('Enter');
  await expect(answer(page)).toContainText('Acme CRM');
  await expectNowhere(key!, seen, page, ownServer);
});

test('what can be done with a key that was found is done from there', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM', 'Borealis');
  await openKeys(page, ownServer);
  await quickSearch(page).fill(key!);
  await expect(answer(page).getByRole('link', { name: 'Rotate' })).toHaveAttribute('href', /open=rotate/);
  await expect(answer(page).getByRole('button', { name: 'Disable' })).toBeVisible();
  await ownServer.cli('key', 'delete', (await detailsOf(ownServer, 'Acme CRM')).split('/').at(-1)!);
  await quickSearch(page).fill(key!);
  await expect(answer(page)).toContainText(/Acme CRM, deleted on .*never used/);
  await expect(answer(page).getByRole('button', { name: 'Disable' })).toBeHidden();
  await answer(page).getByRole('button', { name: 'Restore' }).click();
  await expect(answer(page)).toBeHidden();
  await expect(row(page, 'Acme CRM')).toBeVisible();
});

test('of a key that nobody has it is said what it is', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM');
  const seen = addresses(page);
  await openKeys(page, ownServer);
  for (const [text, sentence] of [
    [mistyped(key!), 'The key is mistyped: its checksum is wrong.'],
    [key!.slice(0, 30), 'The key is mistyped: its checksum is wrong.'],
    [key!.replace('ccc', 'acme'), 'This is no key of this installation.'],
    ['sk_live_51HabcdefGHIJKLmnopqrstu', 'This is no key of this installation.'],
  ] as const) {
    await quickSearch(page).fill(text);
    await expect(answer(page)).toContainText(sentence);
    await expect(quickSearch(page)).toHaveValue('');
  }
  await expectNowhere(key!, seen, page, ownServer);
  await quickSearch(page).fill('acme');
  await expect(page).toHaveURL(/search=acme/);
  await expect(answer(page)).toBeHidden();
});

test('a key in an address is taken out of it', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM');
  await openKeys(page, ownServer);
  for (const address of [`/keys?search=${key}&status=active`, `/keys.csv?search=${key}&status=active`]) {
    await page.goto(`${ownServer.url}${address}`);
    await expect(page).toHaveURL(`${ownServer.url}/keys?status=active&lookup=address`);
    await expect(answer(page)).toContainText('A key was taken out of the address');
    expect(await page.content()).not.toContain(key!);
  }
  expect(ownServer.output).not.toContain(key!);
  await ready(page);
  await answer(page).getByRole('link', { name: 'Close key lookup' }).click();
  await expect(page).toHaveURL(`${ownServer.url}/keys?status=active`);
});

test('a viewer looks keys up and is offered nothing to change', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM');
  await createPerson(ownServer, VIEWER);
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await quickSearch(page).fill(key!);
  await expect(answer(page)).toContainText('Acme CRM, active');
  await expect(answer(page).getByRole('link', { name: 'Open' })).toBeVisible();
  await expect(answer(page).getByRole('link', { name: 'Rotate' })).toBeHidden();
  await expect(answer(page).getByRole('button')).toHaveCount(0);
});

test('an id, the end of a hint and the owner are found', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme CRM');
  await createKeys(ownServer, 'Borealis');
  const id = (await detailsOf(ownServer, 'Acme CRM')).split('/').at(-1)!;
  await ownServer.cli('key', 'update', id, '--owner-email', 'zoe@acme.example', '--notes', 'Ticket 4711');
  await openKeys(page, ownServer);
  for (const text of [key!.slice(-4), `…${key!.slice(-4)}`, id, 'ZOE@acme', '4711 acme']) {
    await quickSearch(page).fill('');
    await expect.poll(() => names(page)).toHaveLength(2);
    await quickSearch(page).fill(text);
    await expect.poll(() => names(page), text).toEqual(['Acme CRM']);
  }
});

test('the number of results is announced after each search', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme CRM', 'Acme Dialer', 'Borealis');
  await openKeys(page, ownServer);
  await quickSearch(page).fill('acme');
  await expect(page.getByText('2 API keys match “acme”')).toBeAttached();
  await quickSearch(page).fill('bor');
  await expect(page.getByText('1 API key matches “bor”')).toBeAttached();
  await quickSearch(page).fill('nobody');
  await expect(page.getByText('No API key matches “nobody”')).toBeAttached();
  await page.goBack();
  await expect(quickSearch(page)).toHaveValue('');
  await page.goForward();
  await expect(quickSearch(page)).toHaveValue('nobody');
});

test('what an input method composes is searched for when it is done', async ({ ownServer, page }) => {
  await createKeys(ownServer, '東京支社', 'Borealis');
  await openKeys(page, ownServer);
  const seen = addresses(page);
  await quickSearch(page).focus();
  const session = await page.context().newCDPSession(page);
  for (const text of ['と', 'とう', 'とうきょう', '東京']) {
    await session.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  }
  await expect(quickSearch(page)).toHaveValue('東京');
  await session.send('Input.insertText', { text: '東京' });
  await expect.poll(() => names(page)).toEqual(['東京支社']);
  await expect(quickSearch(page)).toHaveValue('東京');
  expect(seen.map((address) => decodeURIComponent(address)).filter((address) => /search=と/.test(address))).toEqual([]);
});

test('letters that are typed fast all stay', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme CRM', 'Borealis');
  await openKeys(page, ownServer);
  for (const text of ['acme crm', 'borealis', 'acme crm nobody']) {
    // No answer comes before the last letter.
    let typed = () => {};
    const whole = new Promise<void>((resolve) => (typed = resolve));
    await page.route('**/api/_fn/list_keys*', async (route) => {
      await whole;
      await route.continue();
    });
    await quickSearch(page).fill('');
    await quickSearch(page).pressSequentially(text);
    typed();
    await page.unrouteAll({ behavior: 'wait' });
    await expect(quickSearch(page)).toHaveValue(text);
    await expect(page).toHaveURL(new RegExp(`search=${encodeURIComponent(text)}$`));
  }
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a key that is searched for leads to its page, and gets into no address', async ({ ownServer, page }) => {
    const [key] = await createKeys(ownServer, 'Acme CRM', 'Borealis');
    const seen = addresses(page);
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?status=active`);
    const search = async (text: string) => {
      await quickSearch(page).fill(text);
      await page.getByRole('button', { name: 'Search' }).click();
    };
    await search(`Bearer ${key}`);
    await expect(page.getByRole('heading', { name: 'Acme CRM' })).toBeVisible();
    await expect(page.getByText('This is the key that you looked up.')).toBeVisible();
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Acme CRM' })).toBeVisible();
    await page.goBack();
    await search(mistyped(key!));
    await expect(answer(page)).toContainText('The key is mistyped: its checksum is wrong.');
    await search(key!.replace('ccc', 'acme'));
    await expect(answer(page)).toContainText('This is no key of this installation.');
    await expectNowhere(key!, seen, page, ownServer);
    await search('bor');
    await expect(page).toHaveURL(`${ownServer.url}/keys?search=bor&status=active`);
    await expect(grid(page).getByRole('gridcell', { name: 'Borealis', exact: true })).toBeVisible();
    expect(await names(page)).toEqual(['Borealis']);
  });
});
