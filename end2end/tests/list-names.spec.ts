// A list that is led by names: what stands beside them, in which columns, and in which order.

import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, grid, names, openKeys, row, toggleColumn } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const LONG = 'A client whose name is as long as names of clients sometimes are, and longer than most, in Zürich';

async function create(server: Server, name: string, ...settings: string[]): Promise<string> {
  const printed = await server.cli('key', 'create', '--client-name', name, ...settings, '--json');
  return (JSON.parse(printed) as { id: string }).id;
}

const head = (page: Page, name: string) => grid(page).getByRole('columnheader', { name, exact: true });

test('a name leads to the page of its key, and chips say what restricts or endangers it', async ({ ownServer, page }) => {
  const inDays = new Date(Date.now() + 12.5 * 86_400_000).toISOString();
  await create(ownServer, 'Plain', '--preset', 'crm');
  await create(ownServer, 'Bound', '--preset', 'crm', '--allow-ip', '192.0.2.0/24', '--environment', 'test', '--expires-at', inDays);
  const rotated = await create(ownServer, 'Rotated', '--scope', 'users:impersonate', '--scope', 'keys:write');
  await ownServer.cli('key', 'rotate', rotated, '--overlap', '7d');
  const off = await create(ownServer, 'Switched off', '--preset', 'crm');
  await ownServer.cli('key', 'disable', off);
  await openKeys(page, ownServer);
  for (const chip of ['Test', 'ends in 12 days', '1 address']) {
    await expect(row(page, 'Bound').getByText(chip, { exact: true })).toBeVisible();
  }
  for (const chip of ['2 secrets', 'can impersonate', 'can manage keys']) {
    await expect(row(page, 'Rotated').getByText(chip, { exact: true })).toBeVisible();
  }
  // What is as usual says nothing.
  await expect(row(page, 'Plain').locator('.badge')).toHaveCount(0);
  await expect(row(page, 'Plain').getByText('Active', { exact: true })).toHaveCSS('clip-path', /inset/);
  await expect(row(page, 'Switched off').getByText('Disabled', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await row(page, 'Plain').getByRole('link', { name: 'Plain', exact: true }).click();
  await expect(page).toHaveURL(await detailsOf(ownServer, 'Plain'));
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Plain');
});

test('the first row explains itself', async ({ server, page }) => {
  await openKeys(page, server);
  const first = grid(page).getByRole('row').nth(1);
  await expect(first).toContainText("Your contact centre's own services call with it.");
  await expect(first.getByText(/It can be neither edited nor deleted/)).toBeVisible();
});

test('names are sorted as people do', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Client 10', 'Zürich', 'Évora', 'Client 2', 'Edison', 'Fjord', 'client 3');
  await openKeys(page, ownServer);
  const sorted = ['Client 2', 'client 3', 'Client 10', 'Edison', 'Évora', 'Fjord', 'Zürich'];
  expect(await names(page)).toEqual(sorted);
  await page.getByRole('searchbox', { name: 'Quick Search' }).fill('i');
  await expect.poll(() => names(page)).toEqual(['Client 2', 'client 3', 'Client 10', 'Edison', 'Zürich']);
  await page.goto(`${ownServer.url}/keys?sort=-client_name`);
  await ready(page);
  expect(await names(page)).toEqual(sorted.toReversed());
});

test('every column orders the list', async ({ ownServer, page }) => {
  await page.setViewportSize({ width: 1600, height: 900 });
  const soon = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const first = await create(ownServer, 'B', '--preset', 'live-widget', '--expires-at', soon);
  await create(ownServer, 'C', '--preset', 'crm');
  await create(ownServer, 'A', '--preset', 'workforce-management');
  await openKeys(page, ownServer);
  await toggleColumn(page, 'Expires');
  await toggleColumn(page, 'Created');
  await ownServer.cli('key', 'disable', first);
  for (const [column, once, again] of [
    ['Access', 'CBA', 'ABC'],
    // Those that are disabled are last.
    ['Status', 'CAB', 'BAC'],
    ['Expires', 'BCA', 'ACB'],
    ['Created', 'ACB', 'BCA'],
    ['Client Name', 'ABC', 'CBA'],
  ] as const) {
    for (const [order, direction] of [[once, column === 'Created' ? 'descending' : 'ascending'], [again, column === 'Created' ? 'ascending' : 'descending']]) {
      await head(page, column).getByRole('link').click();
      await expect.poll(async () => (await names(page)).join(''), `${column} ${direction}`).toBe(order);
      await expect(head(page, column)).toHaveAttribute('aria-sort', direction!);
    }
  }
  await head(page, 'Last used').getByRole('link').click();
  await expect(head(page, 'Last used')).toHaveAttribute('aria-sort', 'descending');
  await expect(page).toHaveURL(/sort=-last_used_at/);
});

test('people choose columns, and their browser remembers them', async ({ ownServer, page }) => {
  await page.setViewportSize({ width: 1600, height: 900 });
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await expect(head(page, 'Created')).toBeHidden();
  await page.getByRole('button', { name: 'Columns' }).click();
  const menu = page.getByRole('menu', { name: 'Columns' });
  const item = (name: string) => menu.getByRole('menuitemcheckbox', { name });
  await expect(item('API key')).toBeFocused();
  await expect(item('API key')).toBeChecked();
  await expect(item('Created')).not.toBeChecked();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(item('API key')).not.toBeChecked();
  await page.keyboard.press('End');
  await page.keyboard.press('Space');
  await expect(item('Created')).toBeChecked();
  // It stays open until one closes it.
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(page.getByRole('button', { name: 'Columns' })).toBeFocused();
  await expect(head(page, 'Created')).toBeVisible();
  await expect(head(page, 'API key')).toBeHidden();
  await expect(row(page, 'Acme').getByText(/^ccc_live_/)).toBeHidden();
  // The server draws them so, before any script runs.
  const drawn = await page.request.get(`${ownServer.url}/keys`);
  expect(await drawn.text()).toContain('data-columns="name access status used created"');
  await page.reload();
  await ready(page);
  await expect(head(page, 'Created')).toBeVisible();
  await expect(head(page, 'API key')).toBeHidden();
  // The arrows leave out what is not there.
  await row(page, 'Acme').getByRole('gridcell', { name: 'Acme', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(row(page, 'Acme').getByRole('gridcell', { name: 'CRM' })).toBeFocused();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 1600, height: 900 } });

  test('columns are chosen by a plain form, and the list stays the one that it was', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme', 'Borealis');
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?search=acme`);
    await expect(head(page, 'Expires')).toBeHidden();
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Expires' }).click();
    await page.waitForURL(/\/keys\?search=acme$/);
    await expect(head(page, 'Expires')).toBeVisible();
    expect(await names(page)).toEqual(['Acme']);
    await head(page, 'Expires').getByRole('link').click();
    await page.waitForURL(/sort=expires_at/);
    await expect(head(page, 'Expires')).toHaveAttribute('aria-sort', 'ascending');
  });
});

test('no word is cut from 1024 pixels on, and it is a table from 768 pixels on', async ({ ownServer, page }) => {
  await createKeys(ownServer, LONG, 'Acme', 'a'.repeat(100));
  await create(ownServer, 'Many rights', '--scope', 'calls:read', '--scope', 'contacts:read', '--scope', 'recordings:read',
    '--scope', 'agents:read', '--scope', 'queues:read', '--allow-ip', '192.0.2.0/24', '--environment', 'test');
  await openKeys(page, ownServer);
  for (const width of [768, 900, 1024, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    // Columns stand below each other.
    const lefts = await grid(page).locator('.grid-rows .c-key').evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left)));
    expect(new Set(lefts).size, `a table at ${width}`).toBe(1);
    await expect(head(page, 'API key'), `at ${width}`).toBeVisible();
    if (width < 1024) continue;
    const cut = await grid(page).evaluate((element) =>
      [...element.querySelectorAll('[role=gridcell], [role=gridcell] *, [role=columnheader]')]
        .filter((part) => part.getBoundingClientRect().width > 1 && !part.matches('.unseen, svg, svg *'))
        .filter((part) => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline')
        .map((part) => part.textContent),
    );
    expect(cut, `cut at ${width}`).toEqual([]);
    // A line breaks between words, where there are any.
    const broken = await row(page, LONG).locator('bdi').evaluate((name) => {
      const text = name.firstChild as Text;
      const range = document.createRange();
      const words = [...text.data.matchAll(/\S+/g)];
      return words
        .filter(({ 0: word, index }) => {
          range.setStart(text, index);
          range.setEnd(text, index + word.length);
          return range.getClientRects().length > 1;
        })
        .map(({ 0: word }) => word);
    });
    expect(broken, `broken at ${width}`).toEqual([]);
  }
  await expect(row(page, 'Many rights').getByText('Custom, 5 scopes')).toBeVisible();
});

test('names that take more lines keep their room while one scrolls', async ({ ownServer, page }) => {
  await page.setViewportSize({ width: 1024, height: 700 });
  const many = Array.from({ length: 70 }, (_, at) => (at % 3 === 0 ? `${LONG.slice(0, 90)} ${at}` : `Client ${at}`));
  await createKeys(ownServer, ...many);
  await openKeys(page, ownServer);
  const at = (index: number) => grid(page).locator(`[data-index="${index}"]`);
  // To the end, and back up in steps: what is on the screen never jumps.
  // The end moves on while rows before it turn out to be higher.
  await expect(async () => {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await expect(at(70)).toBeInViewport({ timeout: 500 });
  }).toPass();
  const jumps = await page.evaluate(async () => {
    const jumps: number[] = [];
    while (scrollY > 0) {
      const seen = [...document.querySelectorAll('[data-index]')].find((row) => row.getBoundingClientRect().top > 250)!;
      const [before, from] = [seen.getBoundingClientRect().top, scrollY];
      scrollBy(0, -60);
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      if (!seen.isConnected || scrollY === 0) continue;
      const jump = Math.abs(seen.getBoundingClientRect().top - before - 60);
      if (from >= 60 && jump > 2) jumps.push(jump);
    }
    return jumps;
  });
  expect(jumps).toEqual([]);
  await expect(at(0)).toBeInViewport();
});

test('the palette finds keys by name', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Évora Hotels', 'Borealis');
  await openKeys(page, ownServer);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await page.keyboard.type('evora');
  await expect(palette.getByRole('option', { name: /^Évora Hotels ccc_live_/ })).toBeVisible();
  await expect(palette.getByRole('option')).toHaveCount(1);
  await expectAccessible(page);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('nobody');
  await expect(palette.getByText('No command and no key has this name.')).toBeVisible();
  // A key is looked up, and gets into no address.
  await palette.getByRole('combobox').fill(key!);
  await expect(palette.getByRole('option', { name: /^Évora Hotels/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(await detailsOf(ownServer, 'Évora Hotels'));
});

test('Add and Edit warn of a name that reads like one that exists', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Straße Évora', 'Borealis');
  await openKeys(page, ownServer, '?new');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('STRASSE  evora');
  await expect(add.getByText('1 other key has this name')).toBeVisible();
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await row(page, 'Borealis').hover();
  await page.getByRole('button', { name: 'Edit Borealis' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit API key' });
  await edit.getByRole('textbox', { name: 'Client Name' }).fill('ｓｔｒａｓｓｅ évora');
  await expect(edit.getByText('1 other key has this name')).toBeVisible();
});

test('one button stands out, and filters that are set', async ({ server, page }) => {
  await openKeys(page, server);
  const main = page.getByRole('main');
  await expect(main.locator('.button.primary')).toHaveCount(1);
  await expect(main.locator('.button.primary')).toHaveText('Add API key');
  const environment = page.getByRole('combobox', { name: 'Environment' });
  const border = () => environment.evaluate((select) => getComputedStyle(select).borderTopColor);
  const quiet = await border();
  await environment.selectOption('Live');
  await expect(page).toHaveURL(/environment=live/);
  await expect.poll(border).not.toBe(quiet);
});

test('on paper there are all loaded rows, and nothing to press', async ({ ownServer, page }) => {
  await createKeys(ownServer, ...Array.from({ length: 48 }, (_, at) => `Client ${at + 1}`));
  await page.setViewportSize({ width: 1280, height: 500 });
  await openKeys(page, ownServer);
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  await expect(grid(page).locator('[data-index="48"]')).toBeVisible();
  await expect(grid(page).locator('[data-index="0"]')).toBeVisible();
  expect(await names(page)).toHaveLength(48);
  for (const hidden of [page.getByRole('button'), page.getByRole('searchbox'), page.getByRole('link', { name: 'Export CSV' }), page.getByRole('checkbox')]) {
    await expect(hidden).toHaveCount(0);
  }
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await expect(grid(page).locator('[data-index="48"]')).toHaveCount(0);
});

test('a row costs no effect: what changes is said by attributes', async ({ ownServer, page }) => {
  await page.clock.install();
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await openKeys(page, ownServer);
  const acme = row(page, 'Acme');
  // The same element through selection, cursor, clock and reload.
  await acme.evaluate((element) => Object.assign(element, { kept: true }));
  await acme.getByRole('checkbox').check();
  await expect(acme).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Escape');
  await expect(acme).toHaveAttribute('aria-selected', 'false');
  await expect(acme.getByRole('checkbox')).not.toBeChecked();
  await acme.getByRole('gridcell', { name: 'Acme', exact: true }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(grid(page).locator('[data-index] [tabindex="0"]')).toHaveCount(1);
  await page.clock.fastForward(60_000);
  await row(page, 'Borealis').hover();
  await page.getByRole('button', { name: 'More actions for Borealis' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'Borealis')).toBeHidden();
  await expect(row(page, 'Cobalt')).toHaveAttribute('data-index', '2');
  await expect(row(page, 'Cobalt')).toHaveAttribute('aria-rowindex', '4');
  expect(await acme.evaluate((element) => (element as unknown as { kept?: boolean }).kept)).toBe(true);
});
