import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, grid, names, openKeys, row, verify } from '../lib/keys.ts';
import type { Page } from '@playwright/test';
import type { Server } from '../lib/server.ts';
import { expect, test } from '../lib/test.ts';

const STAYS = 12_000;

/** Disables a key on the command line. */
async function disable(server: Server, client: string): Promise<void> {
  const id = (await detailsOf(server, client)).split('/').pop()!;
  await server.cli('key', 'disable', id);
}

/** A key that may verify others. */
async function verifier(server: Server): Promise<string> {
  const printed = await server.cli('key', 'default', '--reveal', '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

async function openMenu(page: Page, client: string): Promise<void> {
  await row(page, client).hover();
  await page.getByRole('button', { name: `More actions for ${client}` }).click();
}

/** Deletes a key through its menu, which shows a message with Undo. */
async function remove(page: Page, client: string): Promise<void> {
  await openMenu(page, client);
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog', { name: 'Delete API keys' }).getByRole('button', { name: 'Delete' }).click();
}

test('disabling asks what stops, and Undo restores exactly what it changed', async ({ ownServer, page }) => {
  const [acme, borealis, cobalt] = await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  const caller = await verifier(ownServer);
  await disable(ownServer, 'Borealis');
  const codes = async () => [
    await verify(ownServer, acme!, caller),
    await verify(ownServer, borealis!, caller),
    await verify(ownServer, cobalt!, caller),
  ];
  await openKeys(page, ownServer);
  await grid(page).getByRole('checkbox', { name: 'Select all' }).check();
  await page.getByRole('button', { name: 'Disable selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Disable API keys' });
  await expect(dialog.getByText('2 API keys will stop working at once:')).toBeVisible();
  await expect(dialog.getByRole('listitem')).toHaveText(['Acme', 'Cobalt']);
  await expect(dialog.getByText('Calls in the last 30 days')).toBeVisible();
  await expect(dialog.getByText('Last used')).toBeVisible();
  await expectAccessible(page);
  expect(await codes(), 'the question changes nothing').toEqual(['VALID', 'DISABLED', 'VALID']);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('button', { name: 'Disable selected' })).toBeFocused();
  expect(await codes()).toEqual(['VALID', 'DISABLED', 'VALID']);

  await page.getByRole('button', { name: 'Disable selected' }).click();
  await dialog.getByRole('button', { name: 'Disable', exact: true }).click();
  await expect(page.getByText('Disabled 2 API keys')).toBeVisible();
  await expect(grid(page).getByText('Disabled', { exact: true })).toHaveCount(3);
  expect(await codes()).toEqual(['DISABLED', 'DISABLED', 'DISABLED']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Enabled 2 API keys')).toBeVisible();
  await expect(row(page, 'Borealis').getByText('Disabled', { exact: true })).toBeVisible();
  await expect(grid(page).getByText('Disabled', { exact: true })).toHaveCount(1);
  expect(await codes()).toEqual(['VALID', 'DISABLED', 'VALID']);
});

test('enabling is undone exactly, too', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await disable(ownServer, 'Borealis');
  await openKeys(page, ownServer);
  await grid(page).getByRole('checkbox', { name: 'Select all' }).check();
  await page.getByRole('button', { name: 'Enable selected' }).click();
  await expect(page.getByText('Enabled 1 API key')).toBeVisible();
  await expect(grid(page).getByText('Disabled', { exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Disabled 1 API key')).toBeVisible();
  await expect(grid(page).getByText('Disabled', { exact: true })).toHaveCount(1);
  await expect(row(page, 'Borealis').getByText('Disabled', { exact: true })).toBeVisible();
});

test('the menu of a row asks as well, and a key that is touched since stays as it is', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  await openMenu(page, 'Acme');
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Disable API keys' });
  await expect(dialog.getByText('1 API key will stop working at once:')).toBeVisible();
  await dialog.getByRole('button', { name: 'Disable', exact: true }).click();
  await expect(page.getByText('Disabled 1 API key')).toBeVisible();
  await expect(row(page, 'Acme').getByText('Disabled', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'More actions for Acme' })).toBeFocused();
  const id = (await detailsOf(ownServer, 'Acme')).split('/').pop()!;
  await ownServer.cli('key', 'update', id, '--notes', 'Left off on purpose');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Enabled 0 API keys')).toBeVisible();
  await expect(row(page, 'Acme').getByText('Disabled', { exact: true })).toBeVisible();
});

test('keys that are all disabled already are not disabled again', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await disable(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await row(page, 'Acme').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Disable selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Disable API keys' });
  await expect(dialog.getByText('These keys are disabled already. Nothing will change.')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Disable', exact: true })).toHaveCount(0);
});

test('nothing is stopped before it is known what stops', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/_fn/get_impact', async (route) => {
    await held;
    await route.continue();
  });
  for (const word of ['Disable', 'Delete']) {
    await openMenu(page, 'Acme');
    await page.getByRole('menuitem', { name: word }).click();
    const dialog = page.getByRole('alertdialog', { name: `${word} API keys` });
    await expect(dialog.getByText('Looking up what will stop working…')).toBeVisible();
    const button = dialog.getByRole('button', { name: word, exact: true });
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    await button.click({ force: true });
    if (word === 'Delete') {
      answer();
      await expect(dialog.getByText('1 API key will stop working at once:')).toBeVisible();
      await expect(button).not.toHaveAttribute('aria-disabled', 'true');
    }
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  }
  expect(await names(page)).toEqual(['Acme']);
});

test('a second message leaves the first its Undo', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await openKeys(page, ownServer);
  await remove(page, 'Acme');
  await expect(row(page, 'Acme')).toBeHidden();
  await remove(page, 'Borealis');
  await expect(row(page, 'Borealis')).toBeHidden();
  await expect(page.getByText('Deleted 1 API key')).toHaveCount(2);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(() => names(page)).toEqual(['Acme', 'Cobalt']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis', 'Cobalt']);
});

test('the clock of a message stands still under the pointer, with the focus, and while the page is hidden', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await page.clock.install();
  await openKeys(page, ownServer);
  await remove(page, 'Acme');
  const told = page.getByText('Deleted 1 API key');
  await expect(told).toBeVisible();
  await told.hover();
  await page.clock.fastForward(2 * STAYS);
  await expect(told).toBeVisible();
  await page.mouse.move(5, 5);
  await page.keyboard.press('F8');
  await expect(page.getByRole('button', { name: 'Undo' })).toBeFocused();
  await page.clock.fastForward(2 * STAYS);
  await expect(told).toBeVisible();
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
  await hide(true);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Undo' })).not.toBeFocused();
  await page.clock.fastForward(2 * STAYS);
  await expect(told).toBeVisible();
  await hide(false);
  await page.clock.fastForward(STAYS + 1_000);
  await expect(told).toBeHidden();
});

test('messages are reached from the keyboard, and the focus goes back to where it was', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await openKeys(page, ownServer);
  await remove(page, 'Acme');
  await expect(row(page, 'Acme')).toBeHidden();
  const cell = page.getByRole('gridcell', { name: 'Cobalt', exact: true });
  await cell.focus();
  await page.keyboard.press('F8');
  await expect(page.getByRole('button', { name: 'Undo' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(cell).toBeFocused();
  await page.keyboard.press('F8');
  await page.keyboard.press('Enter');
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis', 'Cobalt']);
  await expect(cell).toBeFocused();
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('F8');
  await expect(page.getByRole('button', { name: 'Dismiss' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('searchbox')).toBeFocused();
});
