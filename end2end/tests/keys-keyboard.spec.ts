import { expectAccessible } from '../lib/axe.ts';
import { createKeys, grid, names, openKeys, row } from '../lib/keys.ts';
import { expect, test } from '../lib/test.ts';

test('everything is done from the keyboard', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await openKeys(page, ownServer);
  const { keyboard } = page;

  await keyboard.press('n');
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toBeFocused();
  await keyboard.type('Dunmore');
  await keyboard.press('Enter');
  await expect(page.getByRole('radio').first()).toBeFocused();
  await keyboard.press('Space');
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Copy key' })).toBeFocused();
  await keyboard.press('Escape');
  await expect(row(page, 'Dunmore')).toBeVisible();

  await keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await page.getByRole('searchbox').press('Escape');

  const cell = (name: string) => page.getByRole('gridcell', { name, exact: true });
  await grid(page).locator('[data-stop][tabindex="0"]').focus();
  await keyboard.press('Control+Home');
  await keyboard.press('ArrowDown');
  await expect(cell('Acme')).toBeFocused();
  await keyboard.press('Space');
  await expect(page.getByText('1 selected')).toBeVisible();
  await keyboard.press('Shift+ArrowDown');
  await expect(page.getByText('2 selected')).toBeVisible();
  await expect(cell('Borealis')).toBeFocused();
  await keyboard.press('Escape');
  await expect(page.getByText('2 selected')).toBeHidden();
  await keyboard.press('End');
  await expect(page.getByRole('button', { name: 'More actions for Borealis' })).toBeFocused();
  await keyboard.press('ArrowLeft');
  await expect(page.getByRole('button', { name: 'Edit Borealis' })).toBeFocused();
  await keyboard.press('Home');
  await expect(page.getByRole('checkbox', { name: 'Select Borealis' })).toBeFocused();
  await keyboard.press('Control+End');
  await expect(page.getByRole('checkbox', { name: 'Select Dunmore' })).toBeFocused();
  await keyboard.press('PageUp');
  await expect(grid(page).getByRole('row').nth(1).locator('[tabindex="0"]')).toBeFocused();

  await cell('Cobalt').focus();
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toBeFocused();
  await keyboard.press('Control+a');
  await keyboard.type('Cobalt Bank');
  await keyboard.press('Enter');
  await expect(cell('Cobalt Bank')).toBeFocused();
  expect(await names(page)).toEqual(['Acme', 'Borealis', 'Cobalt Bank', 'Dunmore']);
});

test('one place of the grid takes the focus from outside', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  await expect(grid(page).locator('[data-index] [tabindex="0"]')).toHaveCount(1);
});

test('the help lists the shortcuts, and the focus goes back', async ({ server, page }) => {
  await openKeys(page, server);
  await page.getByRole('button', { name: 'Add API key' }).focus();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help.getByText('Extend the selection')).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await expect(page.getByRole('button', { name: 'Add API key' })).toBeFocused();
});

test('the palette finds commands by name', async ({ server, page }) => {
  await openKeys(page, server);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Command' })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.type('sort created');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/sort=-created_at/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('add');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Add API key' })).toBeVisible();
});
