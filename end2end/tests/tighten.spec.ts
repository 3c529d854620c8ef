import { expectAccessible } from '../lib/axe.ts';
import { detailsOf } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({ expectedComplaints: [/Failed to load resource.*status of (409|412)/] });

async function create(server: Server, ...settings: string[]): Promise<string> {
  const printed = await server.cli('key', 'create', ...settings, '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

/** Asks as a proxy would, and expects the code. */
async function call(server: Server, caller: string, call: object, code = 'VALID'): Promise<void> {
  const answer = await fetch(`${server.url}/api/v1/keys/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: JSON.stringify(call),
  });
  expect(((await answer.json()) as { code: string }).code).toBe(code);
}

/** A key that holds more than it uses, and its uses written down. */
async function usedKey(server: Server): Promise<{ caller: string; acme: string }> {
  const caller = await create(server, '--client-name', 'Gateway', '--scope', 'keys:verify');
  const scopes = ['calls:read', 'calls:make', 'contacts:read'].flatMap((scope) => ['--scope', scope]);
  const acme = await create(server, '--client-name', 'Acme', ...scopes);
  for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '198.51.100.4']) {
    await call(server, caller, { key: acme, ip, scopes: ['calls:read'] });
  }
  await call(server, caller, { key: acme, ip: '198.51.100.4', scopes: ['contacts:read'] });
  return { caller, acme };
}

test('what was used is proposed, tried, and saved only by hand', async ({ ownServer, page }) => {
  const { caller, acme } = await usedKey(ownServer);
  await signIn(page, ownServer);
  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(details);
  await ready(page);
  await page.getByRole('link', { name: 'Tighten to used' }).click();
  await ready(page);
  await expect(page.getByRole('heading', { name: 'Tighten to used', level: 1 })).toBeVisible();
  // Counts are written down within some seconds.
  const removed = page.getByRole('listitem').filter({ hasText: 'Removed' });
  await expect(async () => {
    await page.reload();
    await expect(removed).toHaveCount(2, { timeout: 500 });
    await expect(page.getByText('It rests on 6 calls')).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(removed.first()).toContainText('calls:make not used');
  await expect(removed.last()).toContainText('Every address');
  const added = page.getByRole('listitem').filter({ hasText: 'Added' });
  await expect(added).toContainText(['192.0.2.0/24', '198.51.100.4']);
  await expectAccessible(page);
  await page.setViewportSize({ width: 320, height: 800 });
  await expectAccessible(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(wide).toBe(false);
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByRole('combobox', { name: 'Report only for' }).selectOption('3 days');
  await page.getByRole('button', { name: 'Try it first' }).click();
  await ready(page);
  await expect(page.getByRole('status')).toContainText('Report only has begun');
  await expect(page.getByText('No call was checked yet')).toBeVisible();
  await call(ownServer, caller, { key: acme, ip: '203.0.113.99', scopes: ['calls:read'] });
  await call(ownServer, caller, { key: acme, ip: '192.0.2.200', scopes: ['calls:make'] });
  await call(ownServer, caller, { key: acme, ip: '192.0.2.200', scopes: ['calls:read'] });
  await page.reload();
  const whom = page.getByRole('row');
  await expect(whom.filter({ hasText: '203.0.113.99' })).toContainText('Address not allowed');
  await expect(whom.filter({ hasText: '192.0.2.200' })).toContainText('Scope not held calls:make');
  await expect(page.getByText('It would have refused 2 calls:')).toBeVisible();
  await expectAccessible(page);
  await page.goto(details);
  await expect(page.getByText('Report only', { exact: true })).toBeVisible();
  await expectAccessible(page);

  // What an edit would refuse is known as soon as the calls are written down.
  await expect(async () => {
    await page.goto(`${details}/activity`);
    await expect(page.getByRole('row', { name: /^203\.0\.113\.99 / })).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.goto(`${details}/tighten`);
  await page.getByRole('link', { name: 'Apply these settings…' }).click();
  await ready(page);
  await expect(page.getByText('Proposed, and not saved yet: this takes calls:make away')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Allowed addresses' })).toHaveValue('192.0.2.0/24\n198.51.100.4');
  await expect(page.getByRole('checkbox', { name: /calls:make/ })).not.toBeChecked();
  await call(ownServer, caller, { key: acme, ip: '203.0.113.99', scopes: ['calls:make'] });
  await page.getByRole('button', { name: 'Save' }).click();
  // It would refuse calls that were made while it was tried.
  await expect(page.getByText('Calls from 203.0.113.99 are refused')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await call(ownServer, caller, { key: acme, ip: '203.0.113.99' }, 'IP_NOT_ALLOWED');

  await page.goto(`${details}/tighten`);
  await expect(page.getByText('By now the key is restricted so.')).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('status')).toContainText('Report only has ended');
  await page.goto(`${details}/activity`);
  await expect(page.getByText('Report only started')).toBeVisible();
  await expect(page.getByText('Report only ended')).toBeVisible();
});

test('whoever comes after somebody else has changed the key is told, and nothing is overwritten', async ({ ownServer, page }) => {
  const { caller, acme } = await usedKey(ownServer);
  await signIn(page, ownServer);
  const details = await detailsOf(ownServer, 'Acme');
  const use = page.getByRole('link', { name: 'Use these settings…' });
  await expect(async () => {
    await page.goto(`${details}/tighten`);
    await expect(use).toBeVisible({ timeout: 500 });
  }).toPass();
  await ownServer.cli('key', 'update', details.split('/').at(-1)!, '--client-name', 'Acme Ltd');
  await page.getByRole('button', { name: 'Try it first' }).click();
  await expect(page.getByRole('alert')).toContainText('The key has been changed since you read it.');
  await ownServer.cli('key', 'update', details.split('/').at(-1)!, '--client-name', 'Acme Inc');
  await use.click();
  await ready(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Somebody else has changed this key since you opened it.')).toBeVisible();
  await call(ownServer, caller, { key: acme, scopes: ['calls:make'] });
});

test('a viewer sees the proposal and changes nothing, and a key without use has none', async ({ ownServer, page }) => {
  await create(ownServer, '--client-name', 'Quiet', '--scope', 'calls:read');
  await createPerson(ownServer, VIEWER);
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${await detailsOf(ownServer, 'Quiet')}/tighten`);
  await ready(page);
  await expect(page.getByText('there is nothing to go by')).toBeVisible();
  await expectAccessible(page);
  await usedKey(ownServer);
  await expect(async () => {
    await page.goto(`${await detailsOf(ownServer, 'Acme')}/tighten`);
    await expect(page.getByText('Your role does not allow you to change keys.')).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.getByRole('button', { name: 'Try it first' })).toHaveCount(0);
});
