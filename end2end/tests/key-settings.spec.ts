import { expectAccessible } from '../lib/axe.ts';
import { createKeys, grid, names, openKeys, row } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const REFUSED = /Failed to load resource.*status of (412|422)/;

test.use({ expectedComplaints: [REFUSED] });

test('a key gets scopes, an expiry, addresses and notes, and Edit shows them again', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&preset=crm');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByText('Advanced').click();
  const summary = add.getByRole('group', { name: 'Scopes', exact: true }).getByRole('status');
  await expect(add.getByRole('checkbox', { name: /contacts:write/ })).toBeChecked();
  await expect(summary).toHaveText('CRM');
  await add.getByRole('checkbox', { name: /contacts:write/ }).uncheck();
  await add.getByRole('checkbox', { name: /recordings:read/ }).check();
  await expect(summary).toHaveText('CRM without contacts:write, with recordings:read');
  await add.getByRole('combobox', { name: 'Expires' }).selectOption('In 30 days');
  await add.getByRole('textbox', { name: 'Allowed addresses' }).fill('203.0.113.0/24\n2001:db8::1');
  await add.getByRole('textbox', { name: 'Allowed origins' }).fill('https://*.example.com');
  await add.getByRole('textbox', { name: 'Owner email' }).fill('grace@example.com');
  await add.getByRole('textbox', { name: 'Metadata' }).fill('account: 4711');
  await add.getByRole('textbox', { name: 'Notes' }).fill('Asked for by <Grace>');
  await expectAccessible(page);
  await add.getByRole('button', { name: 'Generate key' }).click();
  await add.getByRole('button', { name: 'Done' }).click();

  await expect(row(page, 'Acme')).toContainText('CRM without contacts:write, with recordings:read');
  await row(page, 'Acme').hover();
  await page.getByRole('button', { name: 'Edit Acme' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit API key' });
  await edit.getByText('Advanced').click();
  await expect(edit.getByRole('textbox', { name: 'Allowed addresses' })).toHaveValue('203.0.113.0/24\n2001:db8::1');
  await expect(edit.getByRole('textbox', { name: 'Notes' })).toHaveValue('Asked for by <Grace>');
  await expect(edit.getByRole('checkbox', { name: /contacts:write/ })).not.toBeChecked();
  await expect(edit.getByRole('combobox', { name: 'Expires' })).toHaveValue(/T.*Z$/);
  await expectAccessible(page);
  await edit.getByRole('combobox', { name: 'Preset' }).selectOption('Live widget');
  await expect(edit.getByRole('checkbox', { name: /live:read/ })).toBeChecked();
  await expect(edit.getByRole('checkbox', { name: /recordings:read/ })).not.toBeChecked();
  await edit.getByRole('checkbox', { name: 'Enabled' }).uncheck();
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(edit).toBeHidden();
  await expect(row(page, 'Acme')).toContainText('Live widget');
  await expect(row(page, 'Acme')).toContainText('Disabled');
});

test('another preset brings its own scopes until one is ticked', async ({ server, page }) => {
  await openKeys(page, server, '?new');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('radio', { name: 'Quality assurance' }).check();
  await add.getByText('Advanced').click();
  await expect(add.getByRole('checkbox', { name: /recordings:read/ })).toBeChecked();
  await expect(add.getByRole('checkbox', { name: /contacts:read/ })).not.toBeChecked();
  await add.getByRole('radio', { name: 'Custom' }).check();
  await expect(add.getByRole('checkbox', { name: /recordings:read/ })).not.toBeChecked();
});

test('scopes that arrive after Advanced was opened follow the preset that was chosen', async ({ server, page }) => {
  await openKeys(page, server);
  let come = (): void => {};
  const wanted = new Promise<void>((resolve) => (come = resolve));
  await page.route('**/api/_fn/settings_fields', async (route) => {
    await wanted;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByText('Advanced').click();
  await expect(add.getByText('Loading…')).toBeVisible();
  await add.getByRole('radio', { name: 'Quality assurance' }).check();
  come();
  await expect(add.getByRole('checkbox', { name: /recordings:read/ })).toBeChecked();
  await expect(add.getByRole('checkbox', { name: /contacts:read/ })).not.toBeChecked();
});

test('errors are reported line by line, and the typed text stays', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&preset=crm');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByText('Advanced').click();
  const addresses = add.getByRole('textbox', { name: 'Allowed addresses' });
  await addresses.fill('10.0.0.0/8\n010.0.0.1\n10.1.0.0/8');
  await add.getByRole('textbox', { name: 'Owner email' }).fill('grace');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(/Line 2: 010\.0\.0\.1 has a number that begins with 0/)).toBeVisible();
  await expect(add.getByText(/Line 3: .* the network is 10\.0\.0\.0\/8/)).toBeVisible();
  await expect(add.getByText('It must be an email address such as ada@example.com.')).toBeVisible();
  await expect(addresses).toBeFocused();
  await expect(addresses).toHaveAttribute('aria-invalid', 'true');
  await expectAccessible(page);
  await addresses.fill('10.0.0.0/8');
  await add.getByRole('textbox', { name: 'Owner email' }).fill('');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await add.getByRole('button', { name: 'Done' }).click();
  await expect.poll(() => names(page)).toEqual(['Acme']);
});

test('two people change different settings: the later sees which', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  const other = await page.context().newPage();
  await other.goto(`${ownServer.url}/keys`);
  await ready(other);
  for (const tab of [page, other]) {
    await row(tab, 'Acme').hover();
    await tab.getByRole('button', { name: 'Edit Acme' }).click();
    await tab.getByText('Advanced').click();
  }
  await other.getByRole('textbox', { name: 'Allowed addresses' }).fill('192.0.2.7');
  await other.getByRole('button', { name: 'Save' }).click();
  await expect(other.getByRole('dialog')).toBeHidden();
  await page.getByRole('textbox', { name: 'Notes' }).fill('Mine');
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else has changed this key' });
  await expect(conflict.getByText('192.0.2.7')).toBeVisible();
  await expectAccessible(page);
  await conflict.getByRole('button', { name: 'Keep theirs' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await other.close();
});

test('an address fills the dialog and never submits', async ({ ownServer, page }) => {
  const query = '?new&preset=live-widget&client_name=Wall%20board&allowed_origins=https%3A%2F%2Fwall.example&expires=90';
  await openKeys(page, ownServer, query);
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await expect(add.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Wall board');
  await expect(add.getByRole('radio', { name: 'Live widget' })).toBeChecked();
  await expect(add.getByRole('textbox', { name: 'Allowed origins' })).toHaveValue('https://wall.example');
  await expect(add.getByRole('combobox', { name: 'Expires' })).toHaveValue('90');
  await add.getByRole('button', { name: 'Cancel' }).click();
  await expect(add).toBeHidden();
  expect(await names(page)).toEqual([]);
});

test('values for a new key filter nothing in the list behind it', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer, '?new&preset=live-widget&environment=test&search=nobody&client_name=Wall%20board');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await expect(add.getByRole('radio', { name: 'Live widget' })).toBeChecked();
  await add.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('combobox', { name: 'Access' })).toHaveValue('');
  expect(await names(page)).toEqual(['Acme']);
});

test('unknown values in an address are reported', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&preset=crmm&client_name=Wall%20board');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await expect(add.getByText('“crmm” is not an integration: choose one.')).toBeVisible();
  await expectAccessible(page);
});

test('metadata is shown in the form in which it is read', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&preset=crm&client_name=Acme');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByText('Advanced').click();
  const odd = '"crm:account": 4711\nplain: a: b';
  await add.getByRole('textbox', { name: 'Metadata' }).fill(odd);
  await add.getByRole('button', { name: 'Generate key' }).click();
  await add.getByRole('button', { name: 'Done' }).click();
  for (const notes of ['Once', 'Twice']) {
    await row(page, 'Acme').hover();
    await page.getByRole('button', { name: 'Edit Acme' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit API key' });
    await edit.getByText('Advanced').click();
    await expect(edit.getByRole('textbox', { name: 'Metadata' })).toHaveValue(odd);
    await edit.getByRole('textbox', { name: 'Notes' }).fill(notes);
    await edit.getByRole('button', { name: 'Save' }).click();
    await expect(edit).toBeHidden();
  }
  const listed = JSON.parse(await ownServer.cli('key', 'list', '--json')) as { items: { metadata: object }[] };
  expect(listed.items.map((key) => key.metadata)).toContainEqual({ 'crm:account': '4711', plain: 'a: b' });
});

test('the settings of a key are duplicated', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&client_name=First&preset=crm&allowed_ips=192.0.2.1');
  await page.getByRole('button', { name: 'Generate key' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await row(page, 'First').hover();
  await page.getByRole('button', { name: 'More actions for First' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate settings' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await expect(add.getByRole('textbox', { name: 'Allowed addresses' })).toHaveValue('192.0.2.1');
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Second');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await add.getByRole('button', { name: 'Done' }).click();
  await expect.poll(() => names(page)).toEqual(['First', 'Second']);
});

test('a key is made disabled, and a copy of it enabled', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&preset=crm');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  const enabled = add.getByRole('checkbox', { name: 'Enabled' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('First');
  await add.getByText('Advanced').click();
  await expect(enabled).toBeChecked();
  await enabled.uncheck();
  await expectAccessible(page);
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText('It is disabled: every call with it is refused until somebody enables it.')).toBeVisible();
  await expectAccessible(page);
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'First')).toContainText('Disabled');

  await row(page, 'First').hover();
  await page.getByRole('button', { name: 'More actions for First' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate settings' }).click();
  await expect(enabled).toBeChecked();
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Second');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(/It is disabled/)).toHaveCount(0);
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'Second')).toContainText('Active');

  // Name and state are one change.
  await row(page, 'First').hover();
  await page.getByRole('button', { name: 'Edit First' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit API key' });
  await edit.getByText('Advanced').click();
  await edit.getByRole('textbox', { name: 'Client Name' }).fill('Third');
  await edit.getByRole('checkbox', { name: 'Enabled' }).check();
  await edit.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'Third')).toContainText('Active');
  const listed = JSON.parse(await ownServer.cli('key', 'list', '--search', 'third', '--json')) as { items: { version: number }[] };
  expect(listed.items.map((key) => key.version)).toEqual([2]);
});

test('keys are switched off and on, one or many, and filtered by that', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt');
  await openKeys(page, ownServer);
  await row(page, 'Acme').getByRole('checkbox').check();
  await row(page, 'Borealis').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Disable selected' }).click();
  await page.getByRole('alertdialog', { name: 'Disable API keys' }).getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('Disabled 2 API keys')).toBeVisible();
  await page.getByRole('combobox', { name: 'Status' }).selectOption('Disabled');
  await expect(page).toHaveURL(/status=disabled/);
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis']);
  await row(page, 'Acme').hover();
  await page.getByRole('button', { name: 'More actions for Acme' }).click();
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await expect(page.getByText('Enabled 1 API key')).toBeVisible();
  await expect.poll(() => names(page)).toEqual(['Borealis']);
});

test('keys that expire soon are marked, and found by that', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer, '?new&preset=crm&client_name=Soon&expires=13');
  await page.getByRole('button', { name: 'Generate key' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'Soon')).toContainText('ends in 12 days');
  await page.getByRole('combobox', { name: 'Status' }).selectOption('Expiring soon');
  await expect(page).toHaveURL(/status=expiring/);
  await expect.poll(() => names(page)).toEqual(['Soon']);
  await page.reload();
  await ready(page);
  expect(await names(page)).toEqual(['Soon']);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('values from an address are in sight, and one that can not be read is refused', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?new&preset=live-widget&client_name=Plain&scope=users%3Aimpersonate&expires=7d`);
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await expect(add.getByRole('checkbox', { name: /users:impersonate/ })).toBeVisible();
    await expect(add.getByRole('checkbox', { name: /users:impersonate/ })).toBeChecked();
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText('“7d” is not a time: choose when the key expires.')).toBeVisible();
    await add.getByRole('combobox', { name: 'Expires' }).selectOption('In 30 days');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await add.getByRole('button', { name: 'Done' }).click();
    await expect(row(page, 'Plain')).toContainText('users:impersonate');
    await row(page, 'Plain').hover();
    await page.getByRole('link', { name: 'Details of Plain' }).click();
    await expect(page.getByRole('heading', { name: 'Plain', level: 1 })).toBeVisible();
  });

  test('a key is made disabled as a plain form', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?new&preset=crm&client_name=Plain&notes=Later`);
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await expect(add.getByRole('checkbox', { name: 'Enabled' })).toBeChecked();
    await add.getByRole('checkbox', { name: 'Enabled' }).uncheck();
    // The choice stays when another field is refused.
    await add.getByRole('textbox', { name: 'Owner email' }).fill('grace');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByRole('checkbox', { name: 'Enabled' })).not.toBeChecked();
    await add.getByRole('textbox', { name: 'Owner email' }).fill('');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText(/It is disabled/)).toBeVisible();
    await add.getByRole('button', { name: 'Done' }).click();
    await expect(row(page, 'Plain')).toContainText('Disabled');
  });

  test('unknown values in an address are reported', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?new&preset=crmm&environment=prod&scope=Calls&client_name=Plain`);
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await expect(add.getByText('“crmm” is not an integration: choose one.')).toBeVisible();
    await expect(add.getByText('“prod” is not an environment: choose live or test.')).toBeVisible();
    await expect(add.getByText('“Calls” is not a scope: tick what the key may do.')).toBeVisible();
  });

  test('settings are added and edited as plain forms', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?new&preset=custom&client_name=Plain&scope=calls%3Aread`);
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await expect(add.getByRole('checkbox', { name: /calls:read/ })).toBeChecked();
    await add.getByRole('textbox', { name: 'Allowed addresses' }).fill('010.0.0.1');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText(/Line 1: 010\.0\.0\.1 has a number that begins with 0/)).toBeVisible();
    await expect(add.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Plain');
    await add.getByRole('textbox', { name: 'Allowed addresses' }).fill('10.0.0.1');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await add.getByRole('button', { name: 'Done' }).click();
    await expect(row(page, 'Plain')).toContainText('calls:read');
    await row(page, 'Plain').hover();
    await page.getByRole('button', { name: 'Edit Plain' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit API key' });
    await edit.getByText('Advanced').click();
    await edit.getByRole('textbox', { name: 'Notes' }).fill('Plainly');
    await edit.getByRole('button', { name: 'Save' }).click();
    await expect(grid(page)).toBeVisible();
    await page.getByRole('combobox', { name: 'Access' }).selectOption('CRM');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/preset=crm/);
    expect(await names(page)).toEqual([]);
  });
});

for (const theme of ['light', 'dark'] as const) {
  test(`the ${theme} settings fit 320 pixels, and axe finds nothing`, async ({ server, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 320, height: 800 });
    await openKeys(page, server, '?new&expires=date');
    await expect(page.getByRole('textbox', { name: 'Notes' })).toBeVisible();
    await expectAccessible(page);
    const overflow = await page.locator('dialog').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
}
