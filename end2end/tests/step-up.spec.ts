import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, names, openKeys, row } from '../lib/keys.ts';
import { OWNER, signIn } from '../lib/person.ts';
import { forgetProofs } from '../lib/proof.ts';
import { expect, ready, test } from '../lib/test.ts';

// The browser's console reports a refused call as an error of the network.
test.use({ permissions: ['clipboard-read', 'clipboard-write'], expectedComplaints: [/Failed to load resource.*status of (401|403|422)/] });

const asked = (page: Page): Locator => page.getByRole('dialog', { name: 'Confirm it is you' });

async function confirm(dialog: Locator, password = OWNER.password): Promise<void> {
  await dialog.getByRole('textbox', { name: 'Password' }).fill(password);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
}

test('the list asks over what one does, and goes on with it', async ({ ownServer: server, page }) => {
  const [acme] = await createKeys(server, 'Acme', 'Beta', 'Cobalt');
  await openKeys(page, server);
  await forgetProofs(server);
  await row(page, 'Acme').hover();
  await row(page, 'Acme').getByRole('button', { name: 'Reveal' }).click();
  await expect(asked(page).getByRole('textbox', { name: 'Password' })).toBeFocused();
  await expectAccessible(page);
  await confirm(asked(page), 'wrong password');
  await expect(asked(page).getByRole('alert')).toHaveText('The password is not right.');
  await expect(page.getByText(acme!)).toHaveCount(0);
  await confirm(asked(page));
  await expect(asked(page)).toHaveCount(0);
  await expect(page.getByText(acme!)).toBeVisible();

  // It counts for a while.
  await row(page, 'Beta').hover();
  await row(page, 'Beta').getByRole('button', { name: 'Reveal' }).click();
  await expect(row(page, 'Beta').getByText(/ccc_live_\w{36}/)).toBeVisible();

  // Over a dialog, in which everything stays as it was.
  await forgetProofs(server);
  for (const name of ['Acme', 'Beta']) await row(page, name).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await asked(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toContainText('Confirm that it is you to do this.');
  expect(await names(page)).toEqual(['Acme', 'Beta', 'Cobalt']);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await confirm(asked(page));
  await expect(dialog).toHaveCount(0);
  await expect(row(page, 'Acme')).toHaveCount(0);
  expect(await names(page)).toEqual(['Cobalt']);

  // One key at a time is everyday work.
  await forgetProofs(server);
  await row(page, 'Cobalt').hover();
  await page.getByRole('button', { name: 'More actions for Cobalt' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog', { name: 'Delete API keys' }).getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'Cobalt')).toHaveCount(0);
});

test("the key's page asks over itself before it copies, and keeps what is typed", async ({ ownServer: server, page }) => {
  const [acme] = await createKeys(server, 'Acme');
  await signIn(page, server);
  await page.goto(await detailsOf(server, 'Acme'));
  await ready(page);
  await page.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await forgetProofs(server);
  const copy = page.getByRole('button', { name: 'Copy', exact: true }).first();
  await copy.click();
  await expect(asked(page).getByRole('textbox', { name: 'Password' })).toBeFocused();
  await expectAccessible(page);
  await confirm(asked(page), 'wrong password');
  await expect(asked(page).getByRole('alert')).toHaveText('The password is not right.');
  await asked(page).getByRole('link', { name: 'Cancel' }).click();
  await expect(asked(page)).toHaveCount(0);
  await copy.click();
  await confirm(asked(page));
  await expect(asked(page)).toHaveCount(0);
  await expect(page.getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(acme);
  await expect(page.getByText(acme!)).toHaveCount(0);
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme Airlines');
});

for (const scripts of [true, false]) {
  test(`a plain form asks and goes on, ${scripts ? 'with' : 'without'} scripts`, async ({ ownServer: server, browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts });
    const page = await context.newPage();
    const [acme] = await createKeys(server, 'Acme');
    await signIn(page, server);
    await page.goto(await detailsOf(server, 'Acme'));
    if (scripts) await ready(page);
    await forgetProofs(server);
    await page.getByRole('button', { name: 'Reveal' }).first().click();
    await expect(page.getByRole('heading', { name: 'Confirm it is you' })).toBeVisible();
    if (scripts) await expectAccessible(page);
    await page.getByRole('textbox', { name: 'Password' }).fill('wrong password');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect(page.getByText('The password is not right.')).toBeVisible();
    await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect(page).toHaveURL(/\/result$/);
    await expect(page.getByText(acme!)).toBeVisible();

    // What was typed comes through.
    await forgetProofs(server);
    await page.goto(`${server.url}/administrators?invite`);
    await page.getByRole('textbox', { name: 'Email' }).fill('grace@example.com');
    await page.getByRole('textbox', { name: 'Name' }).fill('Grace Hopper');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect(page.locator('#account-link')).toHaveText(/\/invite#/);
    await expect(page.getByRole('row').filter({ hasText: 'grace@example.com' })).toContainText('Invited');
    await context.close();
  });
}
