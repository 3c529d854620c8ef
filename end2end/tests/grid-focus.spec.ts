import type { Page } from '@playwright/test';
import { createKeys, detailsOf, grid, names, openKeys, row, seed } from '../lib/keys.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const KEYS = 700;

test.use({ viewport: { width: 1280, height: 800 } });

/** The place of the row that has the focus; `grid` while the row is on its way. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const active = document.activeElement!;
    const at = active.closest('[data-index]')?.getAttribute('data-index');
    return at ?? active.getAttribute('role') ?? active.tagName;
  });
}

/** Notes whether the focus is ever found outside of the grid when the page is painted. */
async function watch(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const lost: string[] = [];
    Object.assign(window, { lost });
    const look = () => {
      const active = document.activeElement!;
      if (active.closest('[role=grid]') === null) lost.push(active.tagName);
      requestAnimationFrame(look);
    };
    look();
  });
  return () => page.evaluate(() => (window as unknown as { lost: string[] }).lost);
}

async function openMany(page: Page, server: Server, query = ''): Promise<void> {
  await seed(server, KEYS);
  await server.restart();
  await openKeys(page, server, query);
}

const first = (page: Page) => grid(page).locator('[data-index="0"] [data-stop="name"]');

test('the focus stays in the grid on the way through a long list', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await first(page).focus();
  const lost = await watch(page);
  let before = 0;
  for (let press = 0; press < 12; press++) {
    await page.keyboard.press('PageDown');
    await expect.poll(async () => Number(await focused(page))).toBeGreaterThan(before);
    before = Number(await focused(page));
    await expect(page.locator(':focus')).toBeInViewport();
  }
  await page.keyboard.press('Control+End');
  await expect.poll(() => focused(page)).toBe(String(KEYS));
  await expect(page.locator(':focus')).toBeInViewport();
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => focused(page)).toBe(String(KEYS - 1));
  await page.keyboard.press('Control+Home');
  await expect.poll(() => focused(page)).toBe('0');
  await page.keyboard.press('Control+End');
  await expect.poll(() => focused(page)).toBe(String(KEYS));
  expect(await lost()).toEqual([]);
});

test('while rows are on their way the grid has the focus and its keys work', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await first(page).focus();
  let arrive = () => {};
  const held = new Promise<void>((resolve) => (arrive = resolve));
  await page.route('**/api/_fn/list_keys', async (route) => {
    await held;
    await route.continue();
  });
  await page.keyboard.press('Control+End');
  await expect.poll(() => focused(page)).toBe('grid');
  await page.keyboard.press('Control+Home');
  await expect.poll(() => focused(page)).toBe('0');
  await page.keyboard.press('Control+End');
  arrive();
  await expect.poll(() => focused(page)).toBe(String(KEYS));
});

test('a row that is scrolled out of sight takes the focus again when it is back', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await first(page).focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => focused(page)).toBe('1');
  await page.evaluate(() => scrollTo(0, 8_000));
  await expect.poll(() => focused(page)).toBe('grid');
  expect(await page.evaluate(() => scrollY)).toBe(8_000);
  await page.evaluate(() => scrollTo(0, 0));
  await expect.poll(() => focused(page)).toBe('1');
  await page.evaluate(() => scrollTo(0, 8_000));
  await expect.poll(() => focused(page)).toBe('grid');
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => focused(page)).toBe('2');
  await expect(page.locator(':focus')).toBeInViewport();
});

test('Tab leads into the grid also when its place is out of sight', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await page.evaluate(() => scrollTo(0, 8_000));
  await expect(first(page)).toHaveCount(0);
  // From what stands before the grid, without scrolling there.
  await page.getByRole('link', { name: 'Export CSV' }).evaluate((link: HTMLElement) => link.focus({ preventScroll: true }));
  await page.keyboard.press('Tab');
  await expect.poll(() => focused(page)).toBe('0');
});

test('the scroll bar stands for all rows, and a jump into the unknown loads them', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  const room = () => grid(page).evaluate((element) => element.getBoundingClientRect().height);
  await expect.poll(room).toBeGreaterThan(KEYS * 40);
  const before = await room();
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(grid(page).locator(`[data-index="${KEYS}"]`)).toBeInViewport();
  expect(Math.abs((await room()) - before)).toBeLessThan(100);
});

test('Back from the page of a key returns to the place in a long list', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await page.evaluate(() => scrollTo(0, 20_000));
  const at = grid(page).locator('[data-index="505"]');
  await expect(at).toBeVisible();
  const name = await at.locator('bdi').textContent();
  await at.getByRole('button', { name: /^More actions/ }).click();
  await page.getByRole('menuitem', { name: 'Open details' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name!);
  await page.goBack();
  await ready(page);
  await expect(at).toBeInViewport();
  await expect(at.locator('bdi')).toHaveText(name!);
  expect(await page.evaluate(() => scrollY)).toBe(20_000);
  await expect.poll(() => focused(page)).toBe('505');
  // Another way to the list begins at its head.
  await page.goto(`${ownServer.url}/login`);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await expect(first(page)).toBeInViewport();
});

test('the number of rows is unknown while only a lower bound of it is known', async ({ ownServer, page }) => {
  await seed(ownServer, 1_600);
  await ownServer.restart();
  await openKeys(page, ownServer, '?environment=live');
  await expect(page.getByText(/^1,00\d\+ API keys/)).toBeVisible();
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '-1');
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '1602');
});

test('what can be done with the selection stays in sight, and all that match can be selected while pages load', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await grid(page).getByRole('checkbox', { name: 'Select all' }).check();
  const offer = page.getByRole('button', { name: `Select all ${KEYS} keys that match` });
  await expect(offer).toBeVisible();
  await page.evaluate(() => scrollTo(0, 8_000));
  await expect(grid(page).locator('[data-index="205"]')).toBeInViewport();
  await expect(page.getByRole('button', { name: 'Delete selected' })).toBeInViewport();
  await expect(offer).toBeInViewport();
  await offer.click();
  await expect(page.getByText(`${KEYS} selected`)).toBeInViewport();
  await expect(grid(page).getByRole('columnheader', { name: 'Client Name' })).toBeInViewport();
});

test('the number of selected keys is announced once it has settled', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  const announced = page.locator('[aria-live="polite"]');
  await row(page, 'Acme').getByRole('checkbox').check();
  await row(page, 'Borealis').getByRole('checkbox').check();
  await expect(announced.getByText('2 API keys selected')).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear selection' }).click();
  await expect(announced.getByText('Selection cleared')).toHaveCount(1);
  await expect.poll(() => focused(page)).toBe('2');
});

test('the focus returns to where the person was after each action', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt', 'Dunmore');
  await openKeys(page, ownServer);
  const { keyboard } = page;
  const cell = (name: string) => page.getByRole('gridcell', { name, exact: true });
  const choose = async (name: string, entry: string) => {
    await row(page, name).hover();
    await page.getByRole('button', { name: `More actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: entry }).click();
  };

  // Deleted through the menu: the next row.
  await choose('Borealis', 'Delete');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'Borealis')).toBeHidden();
  await expect(page.getByRole('button', { name: 'More actions for Cobalt' })).toBeFocused();
  // Undone: still with the same key.
  await keyboard.press('F8');
  await keyboard.press('Enter');
  await expect(row(page, 'Borealis')).toBeVisible();
  await expect(page.getByRole('button', { name: 'More actions for Cobalt' })).toBeFocused();

  // Switched off and on.
  await choose('Cobalt', 'Disable');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  await expect(row(page, 'Cobalt').getByText('Disabled', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'More actions for Cobalt' })).toBeFocused();
  await choose('Cobalt', 'Enable');
  await expect(row(page, 'Cobalt').getByText('Disabled', { exact: true })).toBeHidden();
  await expect(page.getByRole('button', { name: 'More actions for Cobalt' })).toBeFocused();

  // Selected from the keyboard, deleted in bulk: the next row again.
  await cell('Acme').focus();
  await keyboard.press('Space');
  await page.getByRole('button', { name: 'Delete selected' }).focus();
  await keyboard.press('Enter');
  await expect(page.getByRole('alertdialog').getByText('1 API key will stop')).toBeVisible();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).press('Enter');
  await expect(row(page, 'Acme')).toBeHidden();
  await expect(cell('Borealis')).toBeFocused();
});

test('a key that leaves the filter leaves the focus to the next', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await openKeys(page, ownServer, '?status=active');
  await row(page, 'Borealis').hover();
  await page.getByRole('button', { name: 'More actions for Borealis' }).click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  await expect.poll(() => names(page)).toEqual(['Acme', 'Cobalt']);
  await expect(page.getByRole('button', { name: 'More actions for Cobalt' })).toBeFocused();
  expect(await detailsOf(ownServer, 'Borealis')).toContain('/keys/');
});

test('an edit that takes a key out of the search leaves the focus to the next', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme one', 'Acme two', 'Acme three');
  await openKeys(page, ownServer, '?search=acme');
  expect(await names(page)).toEqual(['Acme one', 'Acme three', 'Acme two']);
  await row(page, 'Acme one').hover();
  await page.getByRole('button', { name: 'Edit Acme one' }).click();
  await page.getByRole('textbox', { name: 'Client Name' }).fill('Borealis');
  await page.keyboard.press('Enter');
  await expect.poll(() => names(page)).toEqual(['Acme three', 'Acme two']);
  await expect(page.getByRole('button', { name: 'Edit Acme three' })).toBeFocused();
});

test('what changes under a person far down the list leaves them there', async ({ ownServer, page }) => {
  await openMany(page, ownServer);
  await page.evaluate(() => scrollTo(0, 12_000));
  const at = grid(page).locator('[data-index="305"]');
  await expect(at).toBeVisible();
  const name = (await at.locator('bdi').textContent())!;
  await at.getByRole('button', { name: /^More actions/ }).click();
  const word = await page.getByRole('menuitem', { name: /^(Disable|Enable)$/ }).textContent();
  if (word === 'Enable') {
    await page.getByRole('menuitem', { name: 'Enable' }).click();
  } else {
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  }
  await expect(page.getByText(/^(Disabled|Enabled) 1 API key$/)).toBeVisible();
  await expect.poll(() => focused(page)).toBe('305');
  await expect(at.locator('bdi')).toHaveText(name);
  expect(await page.evaluate(() => scrollY)).toBe(12_000);
});
