import { createKeys, names, row } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, test } from '../lib/test.ts';

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;

// The answer to a refused form has the status of a refusal.
test.use({ javaScriptEnabled: false, expectedComplaints: [/Failed to load resource.*status of 422/] });

test('list, search, add, edit and delete work as plain forms', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys`);
  expect(await names(page)).toEqual(['Acme', 'Borealis']);

  await page.getByRole('searchbox', { name: 'Quick Search' }).fill('bor');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForURL(/search=bor/);
  expect(await names(page)).toEqual(['Borealis']);

  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('\u202Eevil');
  await add.getByRole('radio', { name: 'Live widget' }).check();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(/can't contain control/)).toBeVisible();
  await expect(add.getByRole('radio', { name: 'Live widget' })).toBeChecked();
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Cobalt');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
  expect(page.url()).not.toMatch(SECRET);
  await add.getByRole('button', { name: 'Done' }).click();
  await page.goto(`${ownServer.url}/keys`);
  expect(await names(page)).toEqual(['Acme', 'Borealis', 'Cobalt']);
  expect(await page.content()).not.toMatch(SECRET);

  await row(page, 'Acme').hover();
  await row(page, 'Acme').getByRole('button', { name: 'Edit Acme' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit API key' });
  await edit.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'Acme Airlines')).toBeVisible();

  await row(page, 'Borealis').hover();
  await row(page, 'Borealis').getByRole('button', { name: 'Edit Borealis' }).click();
  await edit.getByRole('button', { name: 'Delete' }).click();
  const sure = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await expect(sure.getByText('Borealis')).toBeVisible();
  await sure.getByRole('button', { name: 'Delete' }).click();
  // It is told, also when the page is loaded again, and can be undone.
  await page.reload();
  await expect(page.getByText('Deleted. Every call')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Borealis' })).toBeFocused();
  const list = `${ownServer.url}/keys`;
  const undo = page.getByRole('button', { name: 'Undo' });
  await page.goto(list);
  expect(await names(page)).toEqual(['Acme Airlines', 'Cobalt']);
  await page.goBack();
  await undo.click();
  await expect(page.getByText('Restored.')).toBeVisible();
  await page.goto(list);
  expect(await names(page)).toEqual(['Acme Airlines', 'Borealis', 'Cobalt']);
});

test('keys beyond the first page are a link away', async ({ ownServer, page }) => {
  await createKeys(ownServer, ...Array.from({ length: 52 }, (_, at) => `Client ${String(at).padStart(2, '0')}`));
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys`);
  await page.getByRole('link', { name: 'Next keys' }).click();
  await expect(row(page, 'Client 51')).toBeVisible();
});
