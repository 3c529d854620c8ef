import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { detailsOf, openKeys, openTab, row } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const KEY = ['--scope', 'calls:read', '--scope', 'contacts:read', '--allow-ip', '192.0.2.0/24'];
const LIMITS = ['--rate', 'fast=60/24h', '--quota', 'daily=1000/day'];

async function create(server: Server, ...settings: string[]): Promise<string> {
  const printed = await server.cli('key', 'create', ...settings, '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

/** A key that was called three times, and twelve times from where it may not be; its usage is written down. */
async function used(server: Server, page: Page, ...more: string[]): Promise<string> {
  const caller = await create(server, '--client-name', 'Gateway', '--scope', 'keys:verify');
  const key = await create(server, '--client-name', 'Acme', ...KEY, ...more);
  const calls = [...Array(3).fill('192.0.2.1'), ...Array(12).fill('198.51.100.4')].map((ip) => ({ key, ip, scopes: ['calls:read'] }));
  for (const call of calls) {
    const answer = await fetch(`${server.url}/api/v1/keys/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
      body: JSON.stringify(call),
    });
    expect(answer.ok).toBe(true);
  }
  await signIn(page, server);
  const details = await detailsOf(server, 'Acme');
  await expect(async () => {
    await page.goto(`${details}/activity`);
    await expect(page.getByRole('link', { name: '12 refused: address not allowed' })).toBeVisible({ timeout: 500 });
    await expect(page.getByRole('row', { name: /^192\.0\.2\.1 .* 3 0/ })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await ready(page);
  return details;
}

async function picture(page: Page, name: string): Promise<void> {
  if (process.env.KEYDESK_PICTURES) await page.screenshot({ path: `${process.env.KEYDESK_PICTURES}/${name}.png`, fullPage: true });
}

async function fits(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, 'wider than the screen').toBeLessThanOrEqual(0);
}

test('the activity of a key: calls, refusals in words, addresses, scopes and secrets', async ({ ownServer, page }) => {
  const details = await used(ownServer, page);
  const tabs = page.getByRole('tablist', { name: 'This key' });
  await expect(tabs.getByRole('tab', { name: 'Activity' })).toHaveAttribute('aria-selected', 'true');
  await expect(page).toHaveTitle('Activity of Acme · Keydesk');
  await expect(page.getByRole('img', { name: /Calls in each hour of the last 7 days/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Refused', exact: true })).toContainText('12 refused: address not allowed, from 198.51.100.4');
  await expect(page.getByRole('row', { name: /^198\.51\.100\.4 .* 0 12 Address not allowed/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /^calls:read 3 12/ })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Scopes of the key that no call wanted:' })).toHaveText('contacts:read');
  await expect(page.getByRole('row', { name: /Current .* 3 12 .* 192\.0\.2\.1$/ })).toBeVisible();
  await page.getByText('Calls over time as a table').click();
  await expect(page.getByRole('region', { name: 'Calls over time, a table' }).getByRole('row')).toHaveCount(2);
  await expectAccessible(page);

  await page.getByRole('navigation', { name: 'Range' }).getByRole('link', { name: 'Last 30 days' }).click();
  await ready(page);
  await expect(page).toHaveURL(/range=30d$/);
  await expect(page.getByText('none in the 30 days before').first()).toBeVisible();
  await page.getByRole('link', { name: '12 refused: address not allowed' }).click();
  await expect(page.getByRole('list', { name: 'Refusals' }).getByRole('listitem')).toHaveCount(12);

  await page.goto(details);
  await openTab(page, 'Activity');
  await expect(page).toHaveURL(`${details}/activity`);
  // What was done to it is there too, and says from where.
  const history = page.getByRole('region', { name: 'History' });
  await expect(history).toContainText('Created by the operator');
  await openTab(page, 'Settings');
  await expect(page).toHaveURL(details);
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme');
  await expect(history).toBeHidden();
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('Disabled. Every call')).toBeVisible();
  await openTab(page, 'Activity');
  await expect(history).toContainText('Disabled by Ada Lovelace from 127.0.0.1');
});

for (const theme of ['light', 'dark'] as const) {
  test(`the activity of a key fits, in ${theme}`, async ({ ownServer, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    const details = await used(ownServer, page, ...LIMITS);
    for (const [name, address] of [['activity', `${details}/activity?range=24h`], ['settings', details], ['delete', `${details}?open=delete`], ['rotate', `${details}?open=rotate`], ['clients', `${ownServer.url}/clients`]] as const) {
      await page.goto(address);
      await ready(page);
      for (const width of [1280, 768, 320]) {
        await page.setViewportSize({ width, height: 900 });
        await expectAccessible(page);
        await fits(page);
        await picture(page, `${name}-${theme}-${width}`);
      }
    }
    if (theme === 'dark') return;
    await page.goto(`${details}/activity`);
    await page.emulateMedia({ forcedColors: 'active' });
    await picture(page, 'activity-forced');
    await page.emulateMedia({ forcedColors: 'none', media: 'print' });
    await picture(page, 'activity-print');
  });
}

test('the page of a key says what is left of its limits', async ({ ownServer, page }) => {
  const details = await used(ownServer, page, ...LIMITS);
  await page.goto(`${details}/activity`);
  await ready(page);
  const about = page.getByRole('region', { name: 'Limits' });
  await expect(about).toContainText('57 of 60 left now; all are back in');
  await expect(about).toContainText('997 of 1,000 left now; begins anew');
});

test('dialogs say what breaks, on the page of a key and in the list', async ({ ownServer, page }) => {
  const details = await used(ownServer, page);
  await page.goto(`${details}?open=rotate`);
  const rotate = page.getByRole('dialog', { name: 'Rotate API key' });
  await expect(rotate.getByText('calls:read')).toBeVisible();
  await expect(rotate.getByText('198.51.100.4')).toBeVisible();
  await openKeys(page, ownServer);
  for (const word of ['Delete', 'Disable']) {
    await row(page, 'Acme').hover();
    await page.getByRole('button', { name: 'More actions for Acme' }).click();
    await page.getByRole('menuitem', { name: word }).click();
    const dialog = page.getByRole('alertdialog', { name: `${word} API keys` });
    await expect(dialog.getByText('Calls in the last 30 days')).toBeVisible();
    await expect(dialog.getByText('Busiest hour')).toBeVisible();
    await expect(dialog.getByText('calls:read')).toBeVisible();
    await expect(dialog.getByText('192.0.2.1')).toBeVisible();
    await expectAccessible(page);
    await picture(page, `list-${word}`);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  }
});

test.describe('a change that would refuse calls', () => {
  test.use({ expectedComplaints: [/Failed to load resource.*status of 409/] });

  test('is asked about first, in the list and on the page of a key', async ({ ownServer, page }) => {
    const details = await used(ownServer, page);
    await openKeys(page, ownServer);
    await row(page, 'Acme').hover();
    await page.getByRole('button', { name: 'Edit Acme' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit API key' });
    await edit.getByText('Advanced').click();
    await edit.getByRole('checkbox', { name: /calls:read/ }).uncheck();
    await edit.getByRole('button', { name: 'Save' }).click();
    const asked = edit.getByText('Calls that need calls:read are refused: there were 3 calls.');
    await expect(asked).toBeVisible();
    await expectAccessible(page);
    await picture(page, 'list-narrows');
    // What is refused besides is asked about again.
    await edit.getByRole('textbox', { name: 'Allowed addresses' }).fill('203.0.113.0/24');
    await edit.getByRole('button', { name: 'Save' }).click();
    await expect(edit.getByText(/Calls from 192\.0\.2\.1 are refused: it made 3 calls in all/)).toBeVisible();
    await edit.getByRole('button', { name: 'Cancel' }).click();
    await expect(edit).toBeHidden();

    await page.goto(`${details}?edit`);
    await ready(page);
    await page.getByRole('checkbox', { name: /calls:read/ }).uncheck();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Calls that need calls:read are refused: there were 3 calls.')).toBeVisible();
    await ready(page);
    await expectAccessible(page);
    await picture(page, 'page-narrows');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Saved.')).toBeVisible();
    await expect(page.getByRole('checkbox', { name: /contacts:read/ })).toBeChecked();
    await expect(page.getByRole('checkbox', { name: /calls:read/ })).not.toBeChecked();
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a viewer reads the activity of a key that nobody has used', async ({ ownServer, page }) => {
    await create(ownServer, '--client-name', 'Acme', ...KEY);
    await createPerson(ownServer, VIEWER);
    await signIn(page, ownServer, VIEWER);
    await page.goto(await detailsOf(ownServer, 'Acme'));
    await page.getByRole('navigation', { name: 'This key' }).getByRole('link', { name: 'Activity' }).click();
    await expect(page.getByRole('heading', { name: 'Never used' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
  });
});
