import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, expectToFit, grid, openKeys, openTab, verify } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;

/** Opens the page of a client's key from the list. */
async function openDetails(page: Page, server: Server, name: string): Promise<void> {
  await openKeys(page, server);
  const more = page.getByRole('button', { name: `More actions for ${name}` });
  await grid(page).getByRole('row').filter({ has: more }).hover();
  await more.click();
  await page.getByRole('menuitem', { name: 'Open details' }).click();
  await page.waitForURL(/\/keys\/[0-9a-f-]{36}$/);
  await ready(page);
}

async function caller(server: Server): Promise<string> {
  const printed = await server.cli('key', 'create', '--client-name', 'Gateway', '--scope', 'keys:verify', '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

test('a key has a page with its settings as a form, and another with what was done to it', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openDetails(page, ownServer, 'Acme');
  await expect(page).toHaveTitle('Acme · Keydesk');
  await expect(page.getByRole('heading', { name: 'Acme', level: 1 })).toBeVisible();
  await expect(page.getByRole('checkbox', { name: /contacts:read/ })).toBeChecked();
  await expectAccessible(page);
  await openTab(page, 'Activity');
  await expect(page).toHaveTitle('Activity of Acme · Keydesk');
  const history = page.getByRole('region', { name: 'History' });
  await expect(history).toContainText('Created by the operator');
  await expectAccessible(page);

  await openTab(page, 'Settings');
  await page.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await page.getByRole('textbox', { name: 'Allowed addresses' }).fill('192.0.2.0/24');
  await page.getByRole('checkbox', { name: /contacts:write/ }).uncheck();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Acme Airlines', level: 1 })).toBeVisible();
  await expect(page.getByText('CRM without contacts:write')).toBeVisible();
  await openTab(page, 'Activity');
  await expect(history).toContainText('Changed by Ada Lovelace from 127.0.0.1');
  await expect(history).toContainText('Acme → Acme Airlines');
  await expect(history).toContainText('none → 192.0.2.0/24');

  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('Disabled. Every call')).toBeVisible();
  await openTab(page, 'Activity');
  await expect(history).toContainText('Disabled by Ada Lovelace');
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByText('Enabled.')).toBeVisible();
});

test('a key is rotated with an overlap, both secrets show their traffic, and the overlap ends', async ({
  ownServer,
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const gateway = await caller(ownServer);
  const [old] = await createKeys(ownServer, 'Acme');
  await openDetails(page, ownServer, 'Acme');
  await page.getByRole('link', { name: 'Rotate' }).click();
  await page.getByRole('radio', { name: '24 hours' }).check();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Rotate key' }).click();
  const once = page.getByRole('region', { name: 'The new key' });
  const fresh = (await once.getByText(SECRET).textContent())!.trim();
  expect(fresh).not.toBe(old);
  await ready(page);
  await once.getByRole('button', { name: 'Copy key' }).click();
  await expect(once.getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(fresh);
  expect(page.url()).not.toContain(fresh);
  await expectAccessible(page);
  for (const key of [old!, fresh]) expect(await verify(ownServer, key, gateway)).toBe('VALID');

  const secrets = page.getByRole('region', { name: 'Secrets: two work at the moment' });
  await expect(secrets.getByRole('row')).toHaveCount(3);
  // Usage is written down every few seconds, and the page shows it by itself.
  await expect(secrets.getByText(/^(now|this minute|\d+ seconds? ago)$/)).toHaveCount(2, { timeout: 20_000 });
  // One call with each.
  await expect(secrets.getByRole('row', { name: / 1 0 (now|this minute|\d+ seconds? ago)/ })).toHaveCount(2);
  const dialog = page.getByRole('alertdialog', { name: 'End overlap' });
  const opener = page.getByRole('link', { name: 'End overlap now' });
  await opener.click();
  await expect(dialog).toContainText('Acme');
  await expect(dialog.getByText(old!.slice(-4))).toBeVisible();
  await expect(dialog.getByText(/^(now|this minute|\d+ seconds? ago)$/)).toBeVisible();
  await expect(dialog.getByText(fresh.slice(-4))).toBeVisible();
  await expect(dialog.getByRole('link', { name: 'Cancel' })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  expect(await verify(ownServer, old!, gateway)).toBe('VALID');
  await opener.click();
  await dialog.getByRole('button', { name: 'End overlap now' }).click();
  await expect(page.getByText('The overlap has ended')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Secret', exact: true })).toContainText('Ended');
  expect(await verify(ownServer, old!, gateway)).not.toBe('VALID');
  expect(await verify(ownServer, fresh, gateway)).toBe('VALID');
  expect(await page.content()).not.toContain(fresh);
  // The bars are days of UTC, whoever reads.
  await openTab(page, 'Settings');
  await expect(page.getByText('Calls on each of the last 30 days of UTC')).toBeVisible();
});

test('an overlap closes by itself, and another rotation says what it would end', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  const listed = await ownServer.cli('key', 'list', '--search', 'acme', '--json');
  const { id } = (JSON.parse(listed) as { items: { id: string }[] }).items.at(-1)!;
  await ownServer.cli('key', 'rotate', id, '--overlap', '15s');
  await openDetails(page, ownServer, 'Acme');
  await openTab(page, 'Activity');
  await expect(page.getByRole('region', { name: 'Secrets: two work at the moment' })).toBeVisible();
  await page.getByRole('link', { name: 'Rotate' }).click();
  await expect(page.getByText(/the old secret stops working at once/)).toBeVisible();
  await ready(page);
  await page.keyboard.press('Escape');
  // Requests that the page makes by itself keep nobody signed in.
  await page.waitForRequest((request) => request.headers()['x-keydesk-by-itself'] === '1');
  const secret = page.getByRole('region', { name: 'Secret', exact: true });
  await expect(secret).toContainText('Ended', { timeout: 30_000 });
  await expect(page.getByRole('link', { name: 'End overlap now' })).toHaveCount(0);
});

test.describe('the Default API Key', () => {
  test.use({ expectedComplaints: [/Failed to load resource/] });

  test('can be rotated, and nothing else', async ({ ownServer, page }) => {
    await openDetails(page, ownServer, 'Default API Key');
    await expect(page.getByText(/It can be rotated\. It can't be edited, disabled or deleted/)).toBeVisible();
    await expect(page.getByRole('link', { name: /^(Edit|Delete)$/ })).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Disable' })).toHaveCount(0);
    await page.getByRole('link', { name: 'Rotate' }).click();
    await page.getByRole('radio', { name: 'None' }).check();
    await page.getByRole('button', { name: 'Rotate key' }).click();
    await expect(page.getByText('Type “Default API Key” to rotate it without an overlap.')).toBeVisible();
    await page.getByRole('radio', { name: 'None' }).check();
    await page.getByRole('textbox', { name: 'To rotate it without an overlap' }).fill('Default API Key');
    await page.getByRole('button', { name: 'Rotate key' }).click();
    await expect(page.getByRole('region', { name: 'The new key' }).getByText(SECRET)).toBeVisible();
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the page of a key works as plain forms', async ({ ownServer, page }) => {
    const [key] = await createKeys(ownServer, 'Acme');
    const gateway = await caller(ownServer);
    await signIn(page, ownServer);
    const details = await detailsOf(ownServer, 'Acme');
    await page.goto(details);
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
    await expect(page.getByText('Disabled. Every call')).toBeVisible();
    expect(await verify(ownServer, key!, gateway)).toBe('DISABLED');
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('link', { name: 'Rotate' }).click();
    await page.getByRole('radio', { name: 'None' }).check();
    await page.getByRole('button', { name: 'Rotate key' }).click();
    await expect(page.getByRole('region', { name: 'The new key' }).getByText(SECRET)).toBeVisible();
    expect(await verify(ownServer, key!, gateway)).not.toBe('VALID');
    await ownServer.cli('key', 'rotate', details.split('/').at(-1)!, '--overlap', '7d');
    await page.goto(`${details}/activity`);
    await page.getByRole('link', { name: 'End overlap now' }).click();
    await page.getByRole('alertdialog', { name: 'End overlap' }).getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'End overlap now' }).click();
    await page.getByRole('alertdialog', { name: 'End overlap' }).getByRole('button', { name: 'End overlap now' }).click();
    await expect(page.getByText('The overlap has ended')).toBeVisible();
    await ownServer.cli('key', 'handover', details.split('/').at(-1)!);
    await page.goto(`${details}/activity`);
    await page.getByRole('link', { name: 'Withdraw link' }).click();
    await page.getByRole('alertdialog', { name: 'Withdraw hand-over link' }).getByRole('button', { name: 'Withdraw link' }).click();
    await expect(page.getByText('The hand-over link is withdrawn.')).toBeVisible();
    await page.getByRole('link', { name: 'Delete', exact: true }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.goto(details);
    await page.getByRole('button', { name: 'Restore' }).click();
    await expect(page.getByText('Restored.')).toBeVisible();
  });
});

test.describe('without scripts too', () => {
  test.use({ javaScriptEnabled: false });

  test('a key is shown, and its settings are taken for another', async ({ ownServer, page }) => {
    const [key] = await createKeys(ownServer, 'Acme');
    await signIn(page, ownServer);
    const details = await detailsOf(ownServer, 'Acme');
    await page.goto(details);
    await page.getByRole('button', { name: 'Reveal' }).first().click();
    await expect(page.getByRole('region', { name: 'The key in full' }).getByText(key!)).toBeVisible();
    await expect(page.getByRole('region', { name: 'History' })).toContainText('Key shown by Ada Lovelace');
    await page.goto(details);
    expect(await page.content()).not.toContain(key);
    await page.getByRole('link', { name: 'Duplicate settings' }).click();
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await expect(add.getByRole('checkbox', { name: /contacts:write/ })).toBeChecked();
    await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme too');
    await add.getByRole('button', { name: 'Generate key' }).click();
    await expect(add.getByText(SECRET)).toBeVisible();
  });
});

test.describe('without permission', () => {
  test.use({ expectedComplaints: [/status of 404/] });

  test('a viewer sees the page and changes nothing; an address without a key has a page that says so', async ({
    ownServer,
    page,
  }) => {
    await createKeys(ownServer, 'Acme');
    await createPerson(ownServer, VIEWER);
    const details = await detailsOf(ownServer, 'Acme');
    await page.goto(details);
    await expect(page).toHaveURL(/\/login\?next=/);
    await signIn(page, ownServer, VIEWER);
    await page.goto(details);
    await expect(page.getByRole('heading', { name: 'Acme', level: 1 })).toBeVisible();
    await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
    const answer = await page.goto(`${ownServer.url}/keys/nothing`);
    expect(answer!.status()).toBe(404);
    await expect(page.getByText('There is no such API key.')).toBeVisible();
    await expectAccessible(page);
  });
});

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the ${theme} page of a key, wide and narrow`, async ({ ownServer, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await createKeys(ownServer, '漢'.repeat(100));
    await signIn(page, ownServer);
    const details = await detailsOf(ownServer, '漢');
    for (const address of ['', '?edit', '/activity']) {
      await page.goto(details + address);
      await ready(page);
      for (const width of [1440, 320]) {
        await page.setViewportSize({ width, height: 900 });
        await expectAccessible(page);
        await expectToFit(page, `${address} at ${width} pixels`);
      }
    }
    await page.goto(details);
    await ready(page);
    await page.getByRole('button', { name: 'Ada Lovelace' }).click();
    await expect(page.getByRole('menuitemradio', { name: 'System' })).toBeFocused();
    await page.keyboard.press('End');
    await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/login/);
  });
}
