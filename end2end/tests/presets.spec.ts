import { expectAccessible } from '../lib/axe.ts';
import { choose, openKeys } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, test } from '../lib/test.ts';

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;

test.use({ expectedComplaints: [/Failed to load resource.*status of 422/] });

test('no integration is chosen before somebody chooses one', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  const group = add.getByRole('radiogroup', { name: 'Integration' });
  await expect(group.getByRole('radio', { checked: true })).toHaveCount(0);
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(group).toHaveAccessibleDescription('Choose an integration.');
  await expect(group.getByText('Choose an integration.')).toBeVisible();
  await expect(group.getByRole('radio').first()).toBeFocused();
  await expectAccessible(page);
  await choose(add, 'Live widget');
  await expect(group.getByText('Choose an integration.')).toBeHidden();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
});

test('Custom shows the scopes, and asks for one', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await expect(add.getByRole('checkbox', { name: /calls:read/ })).toBeHidden();
  await choose(add, 'Custom');
  await expect(add.getByRole('checkbox', { name: /calls:read/ })).toBeVisible();
  await expect(add.getByRole('radio', { name: 'Custom' })).toBeFocused();
  await add.getByRole('button', { name: 'Generate key' }).click();
  const scopes = add.getByRole('group', { name: 'Scopes', exact: true });
  await expect(scopes.getByText('Choose at least one scope: without any the key may do nothing.')).toBeVisible();
  await expect(scopes.getByRole('switch').first()).toBeFocused();
  await expect(add.getByText(SECRET)).toHaveCount(0);
  await add.getByRole('checkbox', { name: /calls:read/ }).check();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
});

test('a link may choose the integration, and Custom then shows its scopes', async ({ server, page }) => {
  await openKeys(page, server, '?new&preset=crm');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await expect(add.getByRole('radio', { name: 'CRM', exact: true })).toBeChecked();
  await page.goto(`${server.url}/keys?new&preset=custom`);
  await expect(add.getByRole('radio', { name: 'Custom' })).toBeChecked();
  await expect(add.getByRole('checkbox', { name: /calls:read/ })).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('an integration and a scope are asked for', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?new&client_name=Plain`);
    const add = page.getByRole('dialog', { name: 'Add API key' });
    const group = add.getByRole('radiogroup', { name: 'Integration' });
    await expect(group.getByRole('radio', { checked: true })).toHaveCount(0);
    await expect(group.locator('input:required')).not.toHaveCount(0);
    await choose(add, 'Custom');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText('Choose at least one scope: without any the key may do nothing.')).toBeVisible();
    await expect(add.getByRole('radio', { name: 'Custom' })).toBeChecked();
    await add.getByRole('checkbox', { name: /calls:read/ }).check();
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText(SECRET)).toBeVisible();
  });
});
