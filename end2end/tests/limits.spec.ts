import { expectAccessible } from '../lib/axe.ts';
import { choose, createKeys, detailsOf, openKeys, row } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({ expectedComplaints: [/Failed to load resource.*status of (412|422)/] });

test('Add shows the limits of the integration, and says in words what others come to', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await choose(add);
  await add.getByText('Advanced').click();
  const first = add.getByRole('group', { name: 'Rate limit 1' });
  await expect(first.getByRole('textbox', { name: 'Calls' })).toHaveValue('600');
  await expect(add.getByRole('group', { name: 'Rate limit 2' }).getByRole('textbox', { name: 'Only for scopes' })).toHaveValue('calls:make');
  await expect(add.getByRole('group', { name: 'Rate limit 3' })).toBeHidden();
  await choose(add, 'Live widget');
  await expect(first.getByRole('textbox', { name: 'Calls' })).toHaveValue('1200');
  await expect(add.getByRole('group', { name: 'Rate limit 2' })).toBeHidden();

  await first.getByRole('textbox', { name: 'Calls' }).fill('100');
  await expect(first).toContainText('Up to 100 at once; then one every 0.6 s. In any minute at most 199 calls pass.');
  await expect(add.getByRole('combobox', { name: 'Limits' })).toHaveValue('own');
  await add.getByRole('button', { name: 'Add quota' }).click();
  const quota = add.getByRole('group', { name: 'Quota 1' });
  await expect(quota.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await quota.getByRole('textbox', { name: 'Name' }).fill('daily');
  await quota.getByRole('textbox', { name: 'Calls' }).fill('10,000');
  await expectAccessible(page);
  await add.getByRole('button', { name: 'Generate key' }).click();
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'Acme')).toBeVisible();
  await page.goto(`${await detailsOf(ownServer, 'Acme')}/activity`);
  await expect(page.getByText('100 calls a minute')).toBeVisible();
  await expect(page.getByText('10,000 calls a day')).toBeVisible();
  await expectAccessible(page);
});

test('an owner lists clients and sets a ceiling', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'ACME', 'Beta');
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Clients' }).click();
  await expect(page.getByRole('heading', { name: 'Clients' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: '2 keys' })).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole('link', { name: /Edit ceiling of Beta/ }).click();
  await ready(page);
  await page.getByRole('button', { name: 'Add rate limit' }).click();
  const first = page.getByRole('group', { name: 'Rate limit 1' });
  await first.getByRole('textbox', { name: 'Name' }).fill('default');
  await first.getByRole('textbox', { name: 'Calls' }).fill('60');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Beta' })).toContainText('60 calls a minute');
  await page.setViewportSize({ width: 320, height: 640 });
  await expectAccessible(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(wide).toBe(false);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a ceiling has all its rows', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/clients`);
    await page.getByRole('link', { name: /Edit ceiling of Acme/ }).click();
    const second = page.getByRole('group', { name: 'Rate limit 2' });
    await second.getByRole('textbox', { name: 'Name' }).fill('slow');
    await second.getByRole('textbox', { name: 'Calls' }).fill('5');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('status')).toHaveText('The ceiling is saved.');
    await expect(page.getByRole('row').filter({ hasText: 'Acme' })).toContainText('5 calls a minute');
  });
});
