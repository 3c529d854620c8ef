import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createPerson, OWNER, signIn, VIEWER, type Person } from '../lib/person.ts';
import { codeOf, withAuthenticator } from '../lib/proof.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

// The browser's console reports a refused call as an error of the network.
test.use({ permissions: ['clipboard-read', 'clipboard-write'], expectedComplaints: [/Failed to load resource.*status of (401|403|409|422)/] });

async function openAccount(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/account`);
  await ready(page);
}

async function fillSignIn(page: Page, url: string, { email, password }: Person = OWNER): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByRole('textbox', { name: 'Email' }).fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Takes the recovery codes that the page shows. */
async function recoveryCodes(page: Page): Promise<string[]> {
  await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeVisible();
  await ready(page);
  const codes = ((await page.locator('#recovery-codes').textContent()) ?? '').split('\n');
  expect(codes).toHaveLength(10);
  await page.getByRole('button', { name: 'Copy list' }).first().click();
  await expect(page.locator('#recovery-codes-copied')).not.toBeEmpty();
  return codes;
}

/** Sets an authenticator app up, and returns its secret and the recovery codes. */
async function addApp(page: Page, server: Server): Promise<{ secret: string; codes: string[] }> {
  await openAccount(page, server.url);
  await page.getByRole('link', { name: 'Set up an app' }).click();
  await ready(page);
  await expect(page.getByRole('img', { name: 'QR code of the secret' })).toBeVisible();
  await expectAccessible(page);
  const secret = (await page.locator('.app-text').textContent()) ?? '';
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.getByRole('button', { name: 'Add app' }).click();
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveAccessibleDescription('This code is not right, or was used before.');
  await expect(page.locator('.app-text')).toHaveText(secret);
  await page.getByRole('textbox', { name: 'Code' }).fill(codeOf(secret));
  await page.getByRole('button', { name: 'Add app' }).click();
  return { secret, codes: await recoveryCodes(page) };
}

test('an app is set up, and its code is asked for as one signs in', async ({ ownServer: server, page, browser }) => {
  await signIn(page, server);
  const { secret, codes } = await addApp(page, server);
  await expectAccessible(page);
  await openAccount(page, server.url);
  await expect(page.getByText('You have 10 recovery codes left.')).toBeVisible();

  const context = await browser.newContext();
  const other = await context.newPage();
  await fillSignIn(other, server.url);
  const code = other.getByRole('textbox', { name: 'Code' });
  await expect(code).toBeFocused();
  await expectAccessible(other);
  await code.fill('000000');
  await other.getByRole('button', { name: 'Continue' }).click();
  await expect(other.getByRole('alert')).toHaveText('This code is not right, or was used before.');
  // Of the next half minute: the one of now may have been used.
  await code.fill(codeOf(secret, 1));
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.waitForURL('**/keys');
  await context.close();

  const plain = await browser.newContext({ javaScriptEnabled: false });
  const third = await plain.newPage();
  await fillSignIn(third, server.url);
  await expect(third.getByRole('heading', { name: 'Second step' })).toBeVisible();
  await third.getByRole('textbox', { name: 'Code' }).fill(codes[0]!.toUpperCase().replaceAll('-', ' '));
  await third.getByRole('button', { name: 'Continue' }).click();
  await expect(third).toHaveURL(`${server.url}/keys`);
  await third.goto(`${server.url}/account`);
  await expect(third.getByText('You have 9 recovery codes left.')).toBeVisible();
  await plain.close();
});

test('a passkey is added and used, where its site is the same', async ({ ownServer: server, page }) => {
  await createPerson(server);
  // A passkey belongs to a name, and an address of numbers is none.
  const url = server.url.replace('127.0.0.1', 'localhost');
  await withAuthenticator(page);
  await fillSignIn(page, url);
  await page.waitForURL('**/keys');
  await openAccount(page, url);
  const name = page.getByRole('textbox', { name: 'Name of the new passkey' });
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  expect(await name.evaluate((field: HTMLInputElement) => field.validity.valueMissing), 'a name comes first').toBe(true);
  await name.fill('Laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await recoveryCodes(page);
  await openAccount(page, url);
  await expect(page.getByRole('list', { name: 'Passkeys' })).toContainText('Laptop');
  await expectAccessible(page);
  // One device, one passkey.
  await name.fill('Again');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.locator('#passkey-problem')).toHaveText('You have a passkey on this device already.');

  await page.getByRole('banner').getByRole('button', { name: OWNER.name }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/login');
  await fillSignIn(page, url);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL('**/keys');
  await openAccount(page, url);
  await expect(page.getByRole('list', { name: 'Passkeys' })).toContainText('last used');

  await page.getByRole('link', { name: 'Remove Laptop' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Remove passkey' });
  await expect(dialog).toContainText('It is your last second factor');
  await dialog.getByRole('button', { name: 'Remove passkey' }).click();
  await expect(page.getByText('Removed.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Passkeys' })).toHaveCount(0);
});

test('whoever must have a second factor sets one up first, and an owner helps whoever has lost it', async ({ ownServer: server, page, browser }) => {
  await signIn(page, server);
  await addApp(page, server);
  await server.cli('installation', 'set', 'default', '--required-second-factor', 'everyone');
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const theirs = await context.newPage();
  await signIn(theirs, server, VIEWER);
  await theirs.goto(`${server.url}/keys`);
  await expect(theirs).toHaveURL(`${server.url}/account?due`);
  await expect(theirs.getByText('Your installation asks you for a second factor.')).toBeVisible();
  await addApp(theirs, server);
  await theirs.goto(`${server.url}/keys`);
  await expect(theirs).toHaveURL(`${server.url}/keys`);
  // The last one stays.
  await openAccount(theirs, server.url);
  await theirs.getByRole('link', { name: 'Remove app' }).click();
  const dialog = theirs.getByRole('alertdialog', { name: 'Remove authenticator app' });
  await dialog.getByRole('button', { name: 'Remove app' }).click();
  await expect(theirs.getByRole('alertdialog').getByRole('alert')).toContainText('Add another one before you remove this one.');

  await page.goto(`${server.url}/administrators`);
  await ready(page);
  await page.getByRole('link', { name: VIEWER.name }).click();
  await ready(page);
  await page.getByRole('link', { name: 'Reset second factor' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Reset second factor' }).click();
  await expect(page.getByText('The second factor is taken away, and all sessions have ended.')).toBeVisible();
  await theirs.goto(`${server.url}/keys`);
  await expect(theirs).toHaveURL(/\/login/);
  await fillSignIn(theirs, server.url, VIEWER);
  await theirs.waitForURL('**/account?due');
  await context.close();

  // The command line helps owners.
  expect(await server.cli('admin', 'reset-second-factor', '--email', OWNER.email)).toContain('second factors taken away');
  await fillSignIn(page, server.url);
  await page.waitForURL('**/account?due');
});
