import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { grid } from '../lib/keys.ts';
import { OWNER, signIn } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

async function open(page: Page, server: Server): Promise<void> {
  await page.goto(`${server.url}/account`);
  await ready(page);
}

test('the account is in the menu of its person, who changes name and password', async ({ ownServer: server, page, browser }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/keys`);
  await ready(page);
  await page.getByRole('banner').getByRole('button', { name: OWNER.name }).click();
  await page.getByRole('menuitem', { name: 'Account' }).click();
  await ready(page);
  await expect(page).toHaveTitle('Account · Keydesk');
  await expectAccessible(page);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada King');
  await page.getByRole('button', { name: 'Save name' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('button', { name: 'Ada King' })).toBeVisible();

  const password = 'another horse battery';
  await page.getByRole('textbox', { name: 'Present password' }).fill(OWNER.password);
  await page.getByRole('textbox', { name: 'New password' }).fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('The password is changed, and all other sessions have ended.')).toBeVisible();
  const context = await browser.newContext();
  await signIn(await context.newPage(), server, { ...OWNER, password });
  await context.close();
});

test.describe('what is refused', () => {
  test.use({ expectedComplaints: [/Failed to load resource.*status of 422/] });

  test('a wrong password is said beside its field', async ({ server, page }) => {
    await signIn(page, server);
    await open(page, server);
    await page.getByRole('textbox', { name: 'Present password' }).fill('wrong password');
    await page.getByRole('textbox', { name: 'New password' }).fill('another horse battery');
    await page.getByRole('button', { name: 'Change password' }).click();
    await ready(page);
    const present = page.getByRole('textbox', { name: 'Present password' });
    await expect(present).toHaveAccessibleDescription('The password is not right.');
    await expect(present).toBeFocused();
    await expect(page.getByRole('textbox', { name: 'New password' })).toHaveValue('');
    await expectAccessible(page);
  });
});

test('sessions are listed and ended', async ({ ownServer: server, page, browser }) => {
  await signIn(page, server);
  const context = await browser.newContext();
  const other = await context.newPage();
  await signIn(other, server);
  const third = await browser.newContext();
  await signIn(await third.newPage(), server);
  await open(page, server);
  const sessions = page.getByRole('region', { name: 'Sessions', exact: true });
  await expect(sessions.getByRole('button', { name: 'End', exact: true })).toHaveCount(2);
  await expect(sessions.getByText('(this one)')).toHaveCount(1);
  await sessions.getByRole('button', { name: 'End', exact: true }).first().click();
  await expect(sessions.getByRole('button', { name: 'End', exact: true })).toHaveCount(1);
  await sessions.getByRole('button', { name: 'End all other sessions' }).click();
  await expect(sessions.getByRole('button', { name: 'End', exact: true })).toHaveCount(0);
  await other.goto(`${server.url}/keys`);
  await expect(other).toHaveURL(/\/login/);
  await context.close();
  await third.close();
});

test.describe('in Zurich', () => {
  test.use({ timezoneId: 'Europe/Zurich', locale: 'en-GB' });

  test('a chosen time zone is read by on every page', async ({ ownServer: server, page }) => {
    await signIn(page, server);
    await server.cli('key', 'create', '--client-name', 'Acme', '--preset', 'crm', '--expires-at', '2030-12-31T11:00:00Z');
    await open(page, server);
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Pacific/Auckland');
    await page.getByRole('button', { name: 'Save time zone' }).click();
    await expect(page.getByRole('combobox', { name: 'Time zone' })).toHaveValue('Pacific/Auckland');
    await page.goto(`${server.url}/keys`);
    await ready(page);
    await expect(grid(page).locator('time[title="Stops 31 Dec 2030, 23:59, Auckland"]')).toHaveCount(1);
    await open(page, server);
    await page.getByRole('combobox', { name: 'Time zone' }).fill('');
    await page.getByRole('button', { name: 'Save time zone' }).click();
    await page.goto(`${server.url}/keys`);
    await ready(page);
    await expect(grid(page).locator('time[title="Stops 31 Dec 2030, 12:00, Zurich"]')).toHaveCount(1);
  });
});

test('theme and shortcuts are as they are chosen', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  await open(page, server);
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.getByRole('button', { name: 'Save theme' }).click();
  await expect(page.getByText('Saved in this browser.')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expectAccessible(page);
  const letters = page.getByRole('switch', { name: 'Single-letter shortcuts' });
  await expect(letters).toBeChecked();
  await letters.uncheck();
  await page.goto(`${server.url}/keys`);
  await ready(page);
  await page.keyboard.press('n');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await open(page, server);
  await expect(letters).not.toBeChecked();
  await letters.check();
  await page.goto(`${server.url}/keys`);
  await ready(page);
  await page.keyboard.press('n');
  await expect(page.getByRole('dialog', { name: 'Add API key' })).toBeVisible();
});
