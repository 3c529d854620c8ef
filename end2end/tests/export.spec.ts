import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { createKeys, names, openKeys } from '../lib/keys.ts';
import { OWNER, signIn, VIEWER } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

/** Follows the link, and returns what is saved: the file's name and text. */
async function exported(page: Page): Promise<{ name: string; text: string }> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const download = await downloading;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

test.describe('on the other side of the date line', () => {
  test.use({ timezoneId: 'Pacific/Kiritimati' });

  test('the list is exported as it is filtered, named so, and no cell is a formula', async ({ ownServer, page }) => {
    await createKeys(ownServer, '=SUM(1)', 'Borealis', 'Müller');
    await openKeys(page, ownServer, '?search=sum&status=active');
    const today = await page.evaluate(() => new Date().toLocaleDateString('sv', { timeZone: 'Pacific/Kiritimati' }));
    const { name, text } = await exported(page);
    expect(name).toBe(`api-keys-${today}-active-search-sum.csv`);
    expect(text.split('\r\n')).toHaveLength(3);
    expect(text).toContain('"\'=SUM(1)"');
    expect(text.startsWith('\ufeffclient_name,')).toBe(true);

    await page.goto(`${ownServer.url}/keys?search=m%C3%BCller`);
    await ready(page);
    const other = await exported(page);
    expect(other.name).toBe(`api-keys-${today}-search-müller.csv`);
    expect(other.text).toContain('\r\nMüller,');
  });
});

test('a viewer gets no notes', async ({ ownServer, page }) => {
  await ownServer.cli('key', 'create', '--client-name', 'Acme', '--preset', 'crm', '--notes', 'Called twice',
    '--metadata', 'crm=4711', '--owner-email', 'grace@example.com');
  await openKeys(page, ownServer);
  const all = await exported(page);
  expect(all.text).toContain('Called twice');
  await page.context().clearCookies();
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${ownServer.url}/keys`);
  await ready(page);
  const { text } = await exported(page);
  expect(text).toContain('Acme');
  for (const noted of ['notes', 'metadata', 'owner_email', 'Called twice', '4711', 'grace@example.com']) {
    expect(text).not.toContain(noted);
  }
});

test.describe('after the session has ended', () => {
  // What the page draws beside the rows is asked for without a session, too.
  test.use({ expectedComplaints: [/Failed to load resource.*status of 401/] });

  test('the link leads to the sign-in, and back to the list', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme', 'Borealis');
    await openKeys(page, ownServer, '?search=acme');
    const saved: string[] = [];
    page.on('download', (download) => saved.push(download.suggestedFilename()));
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Export CSV' }).click();
    await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/\/keys\?search=acme$/);
    await ready(page);
    expect(await names(page)).toEqual(['Acme']);
    expect(saved).toEqual([]);
  });
});

test.describe('somebody else', () => {
  test.use({ expectedComplaints: [/Failed to load resource.*status of 409/] });

  test('whoever else has signed in meanwhile gets a page and no file', async ({ ownServer, page }) => {
    await openKeys(page, ownServer);
    const saved: string[] = [];
    page.on('download', (download) => saved.push(download.suggestedFilename()));
    await signIn(page, ownServer, VIEWER);
    await page.getByRole('link', { name: 'Export CSV' }).click();
    await expect(page.getByRole('heading', { name: 'Somebody else is signed in' })).toBeVisible();
    expect(saved).toEqual([]);
  });
});
