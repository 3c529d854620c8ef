import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { detailsOf } from '../lib/keys.ts';
import { signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

async function create(server: Server, ...settings: string[]): Promise<string> {
  const printed = await server.cli('key', 'create', ...settings, '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

/** Has a key verified this often. */
async function call(server: Server, caller: string, call: object, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    const answer = await fetch(`${server.url}/api/v1/keys/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
      body: JSON.stringify(call),
    });
    expect(answer.status).toBe(200);
  }
}

/** Two clients, of which one was refused twice. */
async function called(server: Server): Promise<{ caller: string; acme: string }> {
  const caller = await create(server, '--client-name', 'Gateway', '--scope', 'keys:verify');
  const acme = await create(server, '--client-name', 'Acme & Söhne', '--scope', 'calls:read', '--allow-ip', '192.0.2.0/24');
  await call(server, caller, { key: acme, ip: '192.0.2.1', scopes: ['calls:read'] }, 6);
  await call(server, caller, { key: acme, ip: '198.51.100.4' });
  await call(server, caller, { key: acme, ip: '192.0.2.1', scopes: ['calls:make'] });
  return { caller, acme };
}

/** A sum of the page. */
function sum(page: Page, name: string) {
  return page.locator('.figure', { has: page.locator('dt', { hasText: name }) }).locator('strong');
}

/** Opens the page until it shows calls: they are written down within seconds. */
async function open(page: Page, server: Server, query = '?client=Acme %26 Söhne', calls = '8'): Promise<void> {
  await expect(async () => {
    await page.goto(`${server.url}/usage${query}`);
    await expect(sum(page, 'Calls')).toHaveText(calls, { timeout: 500 });
  }).toPass();
  await ready(page);
}

function noSidewaysScroll(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}

test('an administrator sees who calls and what is refused, and chooses', async ({ ownServer: server, page }) => {
  await called(server);
  await signIn(page, server, VIEWER);
  await page.goto(`${server.url}/keys`);
  await page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Usage' }).click();
  await expect(page.getByRole('heading', { name: 'Usage', level: 1 })).toBeVisible();
  await open(page, server, '', '16');
  await expect(page).toHaveTitle('Usage · Keydesk');
  const clients = page.getByRole('region', { name: 'Top clients, a table' });
  await expect(clients.getByRole('row', { name: 'Acme & Söhne' })).toContainText('25 %');
  const refusals = page.getByRole('list', { name: 'Top refusals' });
  await expect(refusals).toContainText('Address not allowed');
  await expect(refusals).toContainText('Allow the address in the key');
  await expectAccessible(page);

  await clients.getByRole('link', { name: 'Acme & Söhne', exact: true }).click();
  await expect(page).toHaveURL(/client=Acme%20%26%20S%C3%B6hne/);
  await expect(page.getByRole('textbox', { name: 'Client' })).toHaveValue('Acme & Söhne');
  await expect(sum(page, 'Calls')).toHaveText('8');
  await expect(sum(page, 'Refused')).toHaveText('2');
  await expect(page.getByText('none in the 24 hours before').first()).toBeVisible();
  await page.getByRole('navigation', { name: 'Ranges' }).getByRole('link', { name: 'Last 7 days' }).click();
  await expect(page).toHaveURL(/range=7d/);
  await page.getByRole('combobox', { name: 'Outcome' }).selectOption('Address not allowed');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page).toHaveURL(/range=7d.*code=IP_NOT_ALLOWED/);
  await expect(sum(page, 'Calls')).toHaveText('1');
  await page.goBack();
  await expect(sum(page, 'Calls')).toHaveText('8');
  await page.getByRole('link', { name: 'Show the newest of the kind Address not allowed' }).click();
  await expect(page.getByRole('list', { name: 'Refusals' }).getByRole('listitem')).toHaveCount(1);

  await page.goto(await detailsOf(server, 'Acme'));
  await page.getByRole('link', { name: 'Calls over time' }).click();
  await expect(page.getByText('Only one key, of Acme & Söhne.')).toBeVisible();
  await expect(sum(page, 'Calls')).toHaveText('8');
});

test('the charts have their tables, for the keyboard and on paper', async ({ ownServer: server, page }) => {
  await called(server);
  await signIn(page, server);
  await open(page, server);
  const chart = page.getByRole('img', { name: 'Calls over time' });
  await expect(chart).toBeVisible();
  await expect(chart).toHaveAccessibleDescription(/One bar for each quarter of an hour, from .* The highest has \d calls\./);
  // Two refusals beside six calls are drawn, each in a colour of its own.
  await expect(chart.locator('path.series-2')).toHaveAttribute('d', /^M\d+ \d+v-\d+/);
  const table = page.getByRole('table', { name: /Calls of each quarter of an hour, by the clocks of Zurich/ });
  await expect(table).toBeHidden();
  const show = page.locator('#calls-table > summary');
  await show.focus();
  await page.keyboard.press('Enter');
  await expect(table).toBeVisible();
  const heads = await table.getByRole('columnheader').allTextContents();
  expect(heads).toEqual(['From', 'Calls', 'Allowed', 'Address not allowed', 'Scope missing, or no route']);
  const cells = await table.getByRole('cell').allTextContents();
  const calls = cells.filter((_, index) => index % 4 === 0).map(Number);
  expect(calls.reduce((sum, calls) => sum + calls, 0)).toBe(8);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('region', { name: 'Calls over time, a table' })).toBeFocused();
  await page.locator('#heat-table > summary').click();
  await expect(page.getByRole('table', { name: /Calls by the hour of the day/ })).toBeVisible();
  await expectAccessible(page);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.emulateMedia({ forcedColors: 'active' });
  expect(await chart.locator('path.series-1').evaluate((path) => getComputedStyle(path).fill)).toContain('hatch-1');
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  await expect(chart).toBeVisible();
  await expect(table).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Workspace' })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Show', exact: true })).toBeHidden();
});

test('the page follows new calls, and stands still when it is told to', async ({ ownServer: server, page }) => {
  const { caller, acme } = await called(server);
  await signIn(page, server);
  await open(page, server);
  await page.locator('#calls-table > summary').click();
  const link = page.locator('#scopes-scroll a').first();
  await link.focus();
  await call(server, caller, { key: acme, ip: '192.0.2.1' }, 3);
  await expect(sum(page, 'Calls')).toHaveText('11', { timeout: 20_000 });
  await expect(page.locator('#calls-table')).toHaveAttribute('open');
  await expect(link).toBeFocused();
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText('Paused')).toBeVisible();
  const asked = page.waitForRequest((request) => request.url().includes('/usage/stream'));
  await call(server, caller, { key: acme, ip: '192.0.2.1' });
  await expect(async () => {
    const file = await page.request.get(`${server.url}/usage.csv?client=Acme %26 Söhne`);
    expect(await file.text()).toMatch(/,VALID,(10|[1-9]),quarter/);
  }).toPass();
  await expect(sum(page, 'Calls')).toHaveText('11');
  await page.getByRole('button', { name: 'Resume' }).click();
  await asked;
  await expect(sum(page, 'Calls')).toHaveText('12', { timeout: 20_000 });
});

test('the page has room at every width, and a first visit has its own clocks', async ({ ownServer: server, page }) => {
  await called(server);
  await signIn(page, server);
  await open(page, server, '', '16');
  await expect(page.getByText('by the clocks of Zurich').first()).toBeVisible();
  for (const width of [320, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await noSidewaysScroll(page), `${width} px`).toBe(true);
    await expectAccessible(page);
    const folder = process.env.KEYDESK_PICTURES;
    if (folder === undefined) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/usage-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
});

test('the numbers are a file', async ({ ownServer: server, page }) => {
  await called(server);
  await signIn(page, server);
  await open(page, server);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download CSV' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^usage-\d{4}-\d\d-\d\d\.csv$/);
  expect(await readFile(await file.path(), 'utf8')).toMatch(/^\ufeffat,key_id,client_name,.*\r\n.*,quarter\r\n/s);
});

test.describe('what is wrong', () => {
  test.use({ expectedComplaints: [/status of (404|422)/] });

  test('is said at its field, and nothing that was chosen is lost', async ({ ownServer: server, page }) => {
    await signIn(page, server);
    await page.goto(`${server.url}/usage`);
    await ready(page);
    await expect(page.getByRole('heading', { name: 'No calls yet' })).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('textbox', { name: 'Client' }).fill('Acme');
    await page.getByLabel('From', { exact: true }).fill('2026-11-02');
    await page.getByLabel('To', { exact: true }).fill('2026-11-01');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await ready(page);
    const to = page.getByLabel('To', { exact: true });
    await expect(to).toHaveAccessibleDescription('The last day is before the first.');
    await expect(to).toBeFocused();
    await expect(page.getByRole('textbox', { name: 'Client' })).toHaveValue('Acme');
    await expectAccessible(page);
    await to.fill('2026-11-03');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'No calls match' })).toBeVisible();
    await expect(page.getByText('Nobody has exactly this Client Name')).toBeVisible();
    await page.goto(`${server.url}/usage?key=01900000-0000-7000-8000-000000000000`);
    await expect(page.getByRole('heading', { name: 'There is no such key' })).toBeVisible();
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the page is a form and its numbers', async ({ ownServer: server, page }) => {
    await called(server);
    await signIn(page, server);
    await expect(async () => {
      await page.goto(`${server.url}/usage?range=1h`);
      await expect(sum(page, 'Calls')).toHaveText('16', { timeout: 500 });
    }).toPass();
    await expect(page.getByRole('button', { name: 'Pause' })).toBeHidden();
    await page.getByRole('textbox', { name: 'Client' }).fill('gateway');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page).toHaveURL(/range=1h.*client=gateway/);
    await expect(sum(page, 'Calls')).toHaveText('8');
  });
});
