import { expectAccessible } from '../lib/axe.ts';
import { openKeys } from '../lib/keys.ts';
import { signIn, VIEWER } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

// A page that somebody may not see, a field that is wrong.
test.use({ expectedComplaints: [/status of (403|409|422)/] });

test('owners set what their installation is called, and others see it at once', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await ready(page);
  await expectAccessible(page);
  await page.getByRole('textbox', { name: 'Title' }).fill('Service Desk');
  await page.getByRole('textbox', { name: 'Contact' }).fill('Ms Meier, extension 42');
  await expect(page.getByRole('combobox', { name: 'Second factor of' })).toHaveValue('none');
  await expect(page.getByRole('combobox', { name: 'Leaked keys' })).toHaveValue('notify');
  await page.getByRole('combobox', { name: 'Leaked keys' }).selectOption('disable');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The settings are saved.')).toBeVisible();
  await expect(page.getByRole('banner')).toContainText('Service Desk');
  await expect(page.getByRole('combobox', { name: 'Leaked keys' })).toHaveValue('disable');
  // Where the module is off, the page names whom to ask.
  await ownServer.cli('installation', 'disable', 'default');
  // The server learns within a second what the command line has done.
  await expect(async () => {
    await page.goto(`${ownServer.url}/`);
    await expect(page.getByText('Ms Meier, extension 42')).toBeVisible({ timeout: 500 });
  }).toPass();
  await ownServer.cli('installation', 'enable', 'default');
  const audit = await ownServer.cli('audit', 'export');
  expect(audit).toContain('installation.update');
});

test('a field that is wrong is named, and nothing is changed', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/settings`);
  await ready(page);
  await page.getByRole('textbox', { name: 'Title' }).fill('Service Desk');
  await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Nowhere');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('combobox', { name: 'Time zone' })).toHaveAttribute('aria-invalid', 'true');
  // What was typed is still there.
  await expect(page.getByRole('textbox', { name: 'Title' })).toHaveValue('Service Desk');
  await expectAccessible(page);
  const installations = await ownServer.cli('installation', 'list', '--json');
  expect(installations).toContain('"title": "Contact centre"');
});

test('the longest life and the default preset are those of the next key', async ({ ownServer, page }) => {
  await ownServer.cli('installation', 'set', 'default', '--longest-life', '30', '--default-preset', 'crm');
  await openKeys(page, ownServer);
  await page.getByRole('button', { name: 'Add API key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add API key' });
  await expect(dialog.getByRole('radio', { name: 'CRM', exact: true })).toBeChecked();
  await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await dialog.getByRole('button', { name: 'Generate key' }).click();
  await expect(dialog.getByRole('button', { name: 'Copy key' })).toBeVisible();
  const listed = JSON.parse(await ownServer.cli('key', 'list', '--search', 'Acme', '--json')) as { items: { expires_at: string | null }[] };
  const days = (Date.parse(listed.items[0]!.expires_at!) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(28);
  expect(days).toBeLessThanOrEqual(31);
});

test('others neither see the page nor the way to it', async ({ ownServer, page }) => {
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  const answer = await page.goto(`${ownServer.url}/settings`);
  expect(answer!.status()).toBe(403);
  await expect(page.getByText('Your role does not allow this.')).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the form is a plain one', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/settings`);
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Zurich');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('The settings are saved.')).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Time zone' })).toHaveValue('Europe/Zurich');
  });
});
