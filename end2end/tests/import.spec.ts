import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { detailsOf, grid, openKeys } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({ expectedComplaints: [/Failed to load resource.*status of (400|403|404)/] });

const KEYS = ['acme_0123456789abcdef01234567', 'acme_89abcdef0123456789abcdef'] as const;
const TABLE = `client_name,key,scopes\nAcme CRM,${KEYS[0]},calls:read\nAcme Dialer,${KEYS[1]},calls:read\nBroken,short,\n`;

async function send(page: Page, name: string, text: string): Promise<void> {
  await page.getByLabel('CSV or NDJSON').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Show what would be imported' }).click();
  await ready(page);
}

async function code(server: Server, key: string): Promise<number> {
  return (await fetch(`${server.url}/api/v1/whoami`, { headers: { authorization: `Bearer ${key}` } })).status;
}

test('a file is imported once its rows were seen, and its keys work', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  await page.getByRole('link', { name: 'Import' }).click();
  await ready(page);
  await expect(page.getByRole('heading', { name: 'Import keys', level: 1 })).toBeVisible();
  await expectAccessible(page);
  await send(page, 'keys.csv', TABLE);
  await expect(page.getByRole('heading', { name: 'What would be imported', level: 1 })).toBeVisible();
  const leftOut = page.getByRole('region', { name: 'Rows that are left out, a table' });
  await expect(leftOut.getByRole('row')).toHaveText([/Line/, /4.*Refused.*24 to 256 visible characters.*\(key\)/]);
  const taken = page.getByRole('region', { name: 'The first rows that are taken, a table' });
  await expect(taken.getByRole('row')).toHaveText([/Line/, /2.*Acme CRM.*New key/, /3.*Acme Dialer.*New key/]);
  await expectAccessible(page);
  await page.setViewportSize({ width: 320, height: 800 });
  await expectAccessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)).toBe(false);
  for (const key of KEYS) {
    expect(await page.content()).not.toContain(key);
    expect(await code(ownServer, key), 'nothing works yet').toBe(401);
  }
  await page.getByRole('button', { name: 'Import 2 keys' }).click();
  await ready(page);
  await expect(page.getByRole('status').filter({ hasText: '2 keys were imported and work' })).toBeVisible();
  for (const key of KEYS) expect(await code(ownServer, key)).toBe(200);
  await page.getByRole('link', { name: 'Show all keys' }).click();
  await ready(page);
  await expect(grid(page)).toContainText('acme…4567');
  await page.goto(await detailsOf(ownServer, 'Acme CRM'));
  await ready(page);
  await expect(page.getByText('Imported', { exact: true }).first()).toBeVisible();
  for (const key of KEYS) expect(ownServer.output).not.toContain(key);
});

test('an import is cancelled, and what is wrong with a file is said', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys/import`);
  await ready(page);
  await send(page, 'keys.csv', 'client_name,colour\nAcme,blue\n');
  await expect(page.getByRole('alert')).toContainText('The first line names the columns');
  await send(page, 'keys.csv', TABLE);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await ready(page);
  await expect(page.getByRole('status').filter({ hasText: 'The import was cancelled.' })).toBeVisible();
  expect(await code(ownServer, KEYS[0])).toBe(401);
  await page.goBack();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
});

test('a viewer imports nothing, and without scripts it is a form like any other', async ({ ownServer, browser, page }) => {
  await createPerson(ownServer, VIEWER);
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  await expect(page.getByRole('link', { name: 'Import' })).toHaveCount(0);
  await page.goto(`${ownServer.url}/keys/import`);
  await expect(page.getByRole('heading', { name: 'Not available' })).toBeVisible();

  const plain = await browser.newContext({ javaScriptEnabled: false });
  const form = await plain.newPage();
  await signIn(form, ownServer);
  await form.goto(`${ownServer.url}/keys`);
  await form.getByRole('link', { name: 'Import' }).click();
  await form.getByLabel('CSV or NDJSON').setInputFiles({ name: 'keys', mimeType: 'text/plain', buffer: Buffer.from(`{"client_name":"Acme","key":"${KEYS[0]}"}`) });
  await form.getByRole('button', { name: 'Show what would be imported' }).click();
  await form.getByRole('button', { name: 'Import 1 key' }).click();
  await expect(form.getByText('1 key was imported and works')).toBeVisible();
  expect(await code(ownServer, KEYS[0])).toBe(200);
  await plain.close();
});
