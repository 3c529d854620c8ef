import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf } from '../lib/keys.ts';
import { OWNER, signIn, VIEWER, type Person } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const run = promisify(execFile);
const MANAGER: Person = { ...OWNER, name: 'Mo Salah', email: 'mo@example.com', role: 'manager' };

async function open(page: Page, server: Server, query = ''): Promise<void> {
  await page.goto(`${server.url}/audit${query}`);
  await ready(page);
}

/** The entries, without the head of the table. */
function entries(page: Page): Locator {
  return page.getByRole('table', { name: /Entries of the audit log/ }).locator('tbody > tr');
}

/** Alters the log as somebody would who can write the database: past the triggers that protect it. */
async function alter(server: Server, sql: string): Promise<void> {
  const script = [
    'import sqlite3, sys',
    'c = sqlite3.connect(sys.argv[1], timeout=10)',
    'c.executescript("DROP TRIGGER IF EXISTS audit_entry_not_updated; DROP TRIGGER IF EXISTS audit_entry_not_deleted;")',
    'c.execute(sys.argv[2])',
    'c.commit()',
  ].join('\n');
  await run('python3', ['-c', script, join(server.dataDir, 'keydesk.db'), sql]);
}

async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

test('the log is filtered in the address, and a change is read as before and after', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Beta');
  const id = (await detailsOf(ownServer, 'Acme')).split('/').at(-1)!;
  await ownServer.cli('key', 'update', id, '--client-name', 'Acme & Söhne');
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/clients`);
  await ready(page);
  await page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Audit Log' }).click();
  await ready(page);
  await expect(page).toHaveTitle('Audit Log · Keydesk');
  await expect(page.getByRole('heading', { name: 'Audit Log', level: 1 })).toBeVisible();
  await expect(entries(page).first()).toContainText('Ada Lovelace');
  await expect(entries(page).first()).toContainText('Signed in');
  await expectAccessible(page);

  await page.getByRole('combobox', { name: 'What' }).selectOption('Renamed');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await ready(page);
  await expect(page).toHaveURL(/action=key\.rename/);
  await expect(entries(page)).toHaveCount(1);
  const renamed = entries(page).first();
  await expect(renamed).toContainText('The operator');
  await expect(renamed.locator('del')).toHaveText('Acme');
  await expect(renamed.locator('ins').first()).toHaveText('Acme & Söhne');
  await expect(renamed.getByRole('link', { name: 'Acme & Söhne' })).toHaveAttribute('href', `/keys/${id}`);
  await renamed.getByText('Details').click();
  await expect(renamed).toContainText(`"from": "Acme"`);
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByRole('combobox', { name: 'What' })).toHaveValue('key.rename');

  await renamed.getByText('Details').click();
  await renamed.getByRole('link', { name: 'by the same' }).click();
  await ready(page);
  await expect(page).toHaveURL(/actor=operator/);
  await page.goBack();
  await expect(entries(page)).toHaveCount(1);
  await page.getByRole('link', { name: 'Clear all filters' }).click();
  await page.getByRole('textbox', { name: 'Client' }).fill('acme & söhne');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await ready(page);
  await expect(entries(page)).toHaveCount(2);
  await page.getByRole('link', { name: 'Today' }).click();
  await ready(page);
  await expect(page.getByRole('link', { name: 'Today' })).toHaveAttribute('aria-current', 'true');
  await expect(entries(page)).toHaveCount(2);
  await page.getByRole('textbox', { name: 'Client' }).fill('Nobody');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'No entries match' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Show all entries' }).click();
  await expect(entries(page).first()).toContainText('Signed in');
});

test('older entries are a page away', async ({ ownServer, page }) => {
  const made = await ownServer.cli('key', 'create', '--client-name', 'Maker', '--scope', 'keys:write', '--json');
  const { key } = JSON.parse(made) as { key: string };
  for (let number = 0; number < 60; number += 1) {
    const answer = await fetch(`${ownServer.url}/api/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: `Client ${number}` }),
    });
    expect(answer.status).toBe(201);
  }
  await signIn(page, ownServer);
  await open(page, ownServer, '?action=key.issue');
  await expect(entries(page)).toHaveCount(50);
  await expect(entries(page).first()).toContainText('The API key of Maker');
  await page.getByRole('link', { name: 'Older' }).click();
  await ready(page);
  // Sixty, the maker itself, and the Default API Key.
  await expect(entries(page)).toHaveCount(12);
  await expect(page).toHaveURL(/action=key\.issue&cursor=/);
  await expect(page.getByRole('link', { name: 'Older' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(entries(page)).toHaveCount(50);
  await expect(page).not.toHaveURL(/cursor/);
});

test('an export is verified offline as the page says it', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Müller & Söhne');
  await signIn(page, ownServer);
  await open(page, ownServer);
  await page.getByText('Export and verify offline').click();
  await expectAccessible(page);
  const folder = await mkdtemp(join(tmpdir(), 'keydesk-auditor-'));
  const save = async (link: string, name: string): Promise<string> => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
    await download.saveAs(join(folder, name));
    return download.suggestedFilename();
  };
  const command = (await page.locator('#audit-command').textContent())!.trim();
  expect(await save('Export the whole log as NDJSON', 'audit-log.ndjson')).toMatch(/^audit-log-\d{4}-\d\d-\d\d\.ndjson$/);
  expect(await save('the script', 'verify_audit.py')).toBe('verify_audit.py');
  expect(await save('CSV, for spreadsheets', 'audit-log.csv')).toMatch(/\.csv$/);
  expect(await readFile(join(folder, 'audit-log.csv'), 'utf8')).toContain('Müller & Söhne');
  await run('sh', ['-c', 'grep ^audit "$0/master.key" > audit.keys', ownServer.dataDir], { cwd: folder });
  const { stdout } = await run('sh', ['-c', command], { cwd: folder });
  expect(stdout).toMatch(/^unbroken: entries 1 to \d+\n$/);
  const log = join(folder, 'audit-log.ndjson');
  const text = await readFile(log, 'utf8');
  await writeFile(log, text.replace('"key.issue"', '"key.reveal"'));
  await expect(run('sh', ['-c', command], { cwd: folder })).rejects.toThrow(/BROKEN: entry \d+ was altered/);

  await page.reload();
  await expect(entries(page).filter({ hasText: 'Audit log exported' })).toHaveCount(2);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a log that was altered is told of in a banner, in ${colorScheme} colours`, async ({ ownServer, page }) => {
    await page.emulateMedia({ colorScheme });
    await createKeys(ownServer, 'Acme');
    await signIn(page, ownServer);
    await open(page, ownServer);
    await page.getByRole('button', { name: 'Verify now' }).click();
    await ready(page);
    await expect(page.locator('#integrity').getByRole('status')).toContainText('entries, unbroken');
    await expect(page.getByRole('button', { name: 'Verify now' })).toBeFocused();
    await expect(page.getByRole('alert')).toHaveCount(0);
    await expectAccessible(page);

    await alter(ownServer, "UPDATE audit_entry SET action = 'key.rename' WHERE seq = 3");
    await page.getByRole('button', { name: 'Verify now' }).click();
    await ready(page);
    await expect(page.getByRole('alert')).toContainText('This audit log is broken');
    await expect(page.locator('#entry-3')).toContainText('Altered');
    await expectAccessible(page);
    await open(page, ownServer, '?action=administrator.sign_in');
    await expect(page.getByRole('alert')).toContainText('broken at entry 3: it was altered');
    await expectAccessible(page);
  });
}

test('it is read at every width, in forced colours and on paper', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'An integration whose name is as long as a name may be, with Donaudampfschifffahrtsgesellschaft in it');
  await signIn(page, ownServer);
  for (const width of [320, 480, 768, 1024, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    await open(page, ownServer);
    for (const details of await page.getByText('Details', { exact: true }).all()) await details.click();
    await page.getByText('Export and verify offline').click();
    expect(await scrollsSideways(page), `${width} px`).toBe(false);
    await expectAccessible(page);
  }
  await page.emulateMedia({ forcedColors: 'active' });
  await expectAccessible(page);
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  await expect(entries(page).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Verify now' })).toBeHidden();
  await expect(page.getByRole('search', { name: 'Entries' })).toBeHidden();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the log is filtered and verified', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme', 'Beta');
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/audit`);
    await page.getByRole('combobox', { name: 'What' }).selectOption('Created');
    await page.getByRole('textbox', { name: 'Client' }).fill('beta');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(entries(page)).toHaveCount(1);
    await entries(page).first().getByText('Details').click();
    await expect(entries(page).first()).toContainText('Preset');
    await page.getByRole('button', { name: 'Verify now' }).click();
    await expect(page.locator('#integrity').getByRole('status')).toContainText('entries, unbroken');
    await expect(page.getByRole('button', { name: 'Copy' })).toBeHidden();
  });
});

test.describe('roles', () => {
  test.use({ expectedComplaints: [/status of 403/] });

  test('a manager reads and exports nothing, and a viewer does not read', async ({ ownServer, page, browser }) => {
    await signIn(page, ownServer, MANAGER);
    await open(page, ownServer);
    await expect(entries(page).first()).toContainText('Mo Salah');
    await expect(page.getByRole('heading', { name: 'Export' })).toHaveCount(0);
    const other = await browser.newPage();
    await signIn(other, ownServer, VIEWER);
    const answer = await other.goto(`${ownServer.url}/audit`);
    expect(answer!.status()).toBe(403);
    await expect(other.getByText('Your role does not allow this.')).toBeVisible();
    await expect(other.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Audit Log' })).toHaveCount(0);
    await other.close();
  });
});
