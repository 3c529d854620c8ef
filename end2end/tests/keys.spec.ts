import { expectAccessible } from '../lib/axe.ts';
import { createKeys, grid, names, openKeys, row, toggleColumn, verify } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const SECRET = /ccc_(live|test)_[0-9A-Za-z]{36}/;
const REFUSED = /Failed to load resource.*status of (403|404|409|412|422)/;

test('from the first key to the first verified call', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  await expect(page.getByRole('heading', { name: 'API Keys' })).toBeVisible();
  await page.getByRole('button', { name: 'Add API key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add API key' });
  const name = dialog.getByRole('textbox', { name: 'Client Name' });
  await expect(name).toBeFocused();
  await name.fill('Acme CRM');
  await dialog.getByRole('radiogroup', { name: 'Integration' }).getByRole('radio', { name: 'CRM' }).check();
  await dialog.getByRole('button', { name: 'Generate key' }).click();
  const shown = dialog.getByText(SECRET);
  await expect(shown).toBeVisible();
  const key = (await shown.textContent())!.trim();
  await expectAccessible(page);

  const answer = await fetch(`${ownServer.url}/api/v1/whoami`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { client_name: string }).client_name).toBe('Acme CRM');
  const [caller] = await ownServer.cli('key', 'create', '--client-name', 'Gateway', '--scope', 'keys:verify', '--json').then(
    (printed) => [(JSON.parse(printed) as { key: string }).key],
  );
  expect(await verify(ownServer, key, caller!)).toBe('VALID');

  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('button', { name: 'Add API key' })).toBeFocused();
  await expect(row(page, 'Acme CRM')).toBeVisible();
  expect(await page.content()).not.toContain(key);
});

test('the Default API Key is first, marked, and can be neither selected nor edited', async ({ server, page }) => {
  await openKeys(page, server, '?sort=-created_at');
  const first = grid(page).getByRole('row').nth(1);
  await expect(first).toContainText('Default API Key');
  await expect(first.getByText('Default', { exact: true })).toBeVisible();
  await expect(first.getByRole('checkbox')).toHaveCount(0);
  await expect(first.getByRole('button', { name: /^Edit/ })).toHaveCount(0);
  await expect(first.getByText("Your contact centre's own services call with it. It can be neither edited nor deleted.")).toBeVisible();
});

test('search filters as one types, on Enter, and lives in the address', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Acme 50%_off\\', 'Borealis');
  await openKeys(page, ownServer);
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  await search.pressSequentially('ACM');
  await expect(row(page, 'Borealis')).toBeHidden();
  await expect(row(page, 'Acme')).toBeVisible();
  await expect(page).toHaveURL(/search=ACM$/);
  await search.fill('50%_off\\');
  await search.press('Enter');
  await expect.poll(() => names(page)).toEqual(['Acme 50%_off\\']);
  await page.reload();
  await ready(page);
  await expect(search).toHaveValue('50%_off\\');
  expect(await names(page)).toEqual(['Acme 50%_off\\']);
  await search.fill('nobody "at" all');
  await expect(page.getByRole('heading', { name: 'No API keys match "nobody "at" all"' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all keys' }).click();
  await expect.poll(() => names(page)).toHaveLength(3);
  await expect(search).toHaveValue('');
  await page.goBack();
  await expect(search).toHaveValue('nobody "at" all');
});

test('columns order the list, in the address too', async ({ ownServer, page }) => {
  // Narrower screens leave columns out.
  await page.setViewportSize({ width: 1600, height: 900 });
  await createKeys(ownServer, 'beta', 'Alpha', 'gamma');
  await openKeys(page, ownServer);
  expect(await names(page)).toEqual(['Alpha', 'beta', 'gamma']);
  await grid(page).getByRole('link', { name: 'Client Name' }).click();
  await expect.poll(() => names(page)).toEqual(['gamma', 'beta', 'Alpha']);
  await expect(grid(page).getByRole('columnheader', { name: 'Client Name' })).toHaveAttribute('aria-sort', 'descending');
  await toggleColumn(page, 'Created');
  await grid(page).getByRole('link', { name: 'Created' }).click();
  await expect.poll(() => names(page)).toEqual(['gamma', 'Alpha', 'beta']);
  await expect(page).toHaveURL(/sort=-created_at/);
});

test('a key is renamed, and its text stays read-only', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await row(page, 'Acme').hover();
  await row(page, 'Acme').getByRole('button', { name: 'Edit Acme' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit API key' });
  await expect(dialog.getByRole('textbox', { name: 'API key' })).not.toBeEditable();
  await expectAccessible(page);
  await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(row(page, 'Acme Airlines')).toBeVisible();
  await expect(row(page, 'Acme Airlines').getByRole('button', { name: 'Edit Acme Airlines' })).toBeFocused();
});

test('a name that other keys have is reported while it is typed', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'acme');
  await openKeys(page, ownServer, '?new');
  const dialog = page.getByRole('dialog', { name: 'Add API key' });
  await dialog.getByRole('textbox', { name: 'Client Name' }).fill('ACME');
  await expect(dialog.getByText('2 other keys have this name')).toBeVisible();
});

test.describe('refusals', () => {
  test.use({ expectedComplaints: [REFUSED] });

  test('an invalid name is refused in words, and stays as typed', async ({ server, page }) => {
    await openKeys(page, server, '?new&preset=crm');
    const dialog = page.getByRole('dialog', { name: 'Add API key' });
    const name = dialog.getByRole('textbox', { name: 'Client Name' });
    await name.fill('safe \u202Eevil');
    await dialog.getByRole('button', { name: 'Generate key' }).click();
    await expect(dialog.getByText(/can't contain control, bidirectional-override/)).toBeVisible();
    await expect(name).toHaveValue('safe \u202Eevil');
    await expect(name).toBeFocused();
  });

  test('two people edit one key: the later sees both and chooses', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await openKeys(page, ownServer);
    const other = await page.context().newPage();
    await other.goto(`${ownServer.url}/keys`);
    await ready(other);
    for (const [tab, name] of [[page, 'Mine'], [other, 'Theirs']] as const) {
      await row(tab, 'Acme').hover();
      await row(tab, 'Acme').getByRole('button', { name: 'Edit Acme' }).click();
      await tab.getByRole('textbox', { name: 'Client Name' }).fill(name);
    }
    await other.getByRole('button', { name: 'Save' }).click();
    await expect(row(other, 'Theirs')).toBeVisible();
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Edit API key' });
    await expect(dialog.getByText('Somebody else has changed this key')).toBeVisible();
    await expect(dialog.getByText('Theirs', { exact: true })).toBeVisible();
    await expect(dialog.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Mine');
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(row(page, 'Mine')).toBeVisible();
    await other.close();
  });

  test('the page says that the module is off, and the list comes back', async ({ ownServer, page }) => {
    await openKeys(page, ownServer);
    await ownServer.cli('installation', 'disable', 'default');
    await expect(async () => {
      await page.reload();
      await expect(
        page.getByText(
          'API Keys may not be available in your installation. Please contact your Account Manager or Support.',
        ),
      ).toBeVisible({ timeout: 500 });
    }).toPass();
    await ready(page);
    await expect(page.getByRole('button', { name: 'Add API key' })).toBeHidden();
    await expectAccessible(page);
    await ownServer.cli('installation', 'enable', 'default');
    await expect(async () => {
      await page.reload();
      await expect(grid(page)).toBeVisible({ timeout: 500 });
    }).toPass();
  });
});

test('a key is revealed and copied on demand, and hides itself', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const [key] = await createKeys(ownServer, 'Acme');
  await page.clock.install();
  await openKeys(page, ownServer);
  expect(await page.content()).not.toContain(key);
  const acme = row(page, 'Acme');
  await acme.hover();
  await acme.getByRole('button', { name: 'Reveal' }).click();
  await expect(acme.getByText(key!)).toBeVisible();
  await acme.getByRole('button', { name: 'Hide' }).click();
  await expect(acme.getByText(key!)).toBeHidden();
  await acme.getByRole('button', { name: 'Reveal' }).click();
  await expect(acme.getByText(key!)).toBeVisible();
  await page.clock.fastForward(61_000);
  await expect(acme.getByText(key!)).toBeHidden();
  await acme.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByText('Copied the API key of Acme')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await expect(acme.getByText(key!)).toBeHidden();
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain('ccc_');
});

test('selected keys are deleted after saying what stops, and Undo brings them back', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt', 'Dunmore');
  await openKeys(page, ownServer);
  await row(page, 'Acme').getByRole('checkbox', { name: 'Select Acme' }).check();
  await row(page, 'Cobalt').getByRole('checkbox', { name: 'Select Cobalt' }).click({ modifiers: ['Shift'] });
  await expect(page.getByText('3 selected')).toBeVisible();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete API keys' });
  for (const name of ['Acme', 'Borealis', 'Cobalt']) await expect(dialog.getByText(name)).toBeVisible();
  await expect(dialog.getByText('Calls in the last 30 days')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('Deleted 3 API keys')).toBeVisible();
  expect(await names(page)).toEqual(['Dunmore']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis', 'Cobalt', 'Dunmore']);
});

test('a deleted key is found among the recently deleted, and restored', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await row(page, 'Acme').hover();
  await page.getByRole('button', { name: 'More actions for Acme' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('Deleted 1 API key')).toBeVisible();
  await page.getByRole('combobox', { name: 'Status' }).selectOption('Recently deleted');
  await expect(page).toHaveURL(/status=revoked/);
  await expect(row(page, 'Acme')).toBeVisible();
  await row(page, 'Acme').hover();
  await page.getByRole('button', { name: 'More actions for Acme' }).click();
  await page.getByRole('menuitem', { name: 'Restore' }).click();
  await expect(page.getByText('Restored the API key of Acme')).toBeVisible();
  await page.getByRole('link', { name: 'Show all keys' }).click();
  await expect(row(page, 'Acme')).toBeVisible();
});

test('a double click on Generate key makes one key', async ({ ownServer, page }) => {
  await openKeys(page, ownServer, '?new&preset=crm');
  const dialog = page.getByRole('dialog', { name: 'Add API key' });
  await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Once');
  await dialog.getByRole('button', { name: 'Generate key' }).dblclick();
  await expect(dialog.getByText(SECRET)).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect.poll(() => names(page)).toEqual(['Once']);
});

test('hostile names are text', async ({ ownServer, page }) => {
  const hostile = [
    '<script>document.title="x"</script>',
    '<img src=x onerror=alert(1)>',
    '"><b>bold</b>&amp;',
    '=HYPERLINK("http://x")',
    'שלום עולם',
    '🦀🦀🦀',
    '漢'.repeat(100),
    'a'.repeat(100),
  ];
  await createKeys(ownServer, ...hostile);
  await openKeys(page, ownServer);
  expect((await names(page)).toSorted()).toEqual(hostile.toSorted());
  await expect(page).toHaveTitle('API Keys · Keydesk');
  for (const width of [1920, 1440, 1280, 1024, 900, 768, 320]) {
    await page.setViewportSize({ width, height: 900 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `at ${width} pixels`).toBeLessThanOrEqual(0);
  }
});

test('a viewer sees keys and changes nothing', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await createPerson(ownServer, VIEWER);
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await expect(row(page, 'Acme')).toBeVisible();
  await expect(page.getByRole('button', { name: /Add|Edit|Reveal|Copy|More/ })).toHaveCount(0);
  await expect(grid(page).getByRole('checkbox')).toHaveCount(0);
});

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the ${theme} grid, its menu and its dialogs`, async ({ ownServer, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await createKeys(ownServer, 'Acme', 'Borealis');
    await openKeys(page, ownServer);
    await expectAccessible(page);
    await row(page, 'Acme').getByRole('checkbox').check();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'More actions for Acme' }).click();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add API key' }).click();
    await page.getByText('Advanced').click();
    await page.getByRole('radio', { name: 'Custom' }).check();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.goto(`${ownServer.url}/keys?search=nobody`);
    await ready(page);
    await expectAccessible(page);
  });
}
