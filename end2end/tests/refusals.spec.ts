import { expectAccessible } from '../lib/axe.ts';
import { detailsOf } from '../lib/keys.ts';
import { createPerson, signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

async function create(server: Server, ...settings: string[]): Promise<string> {
  const printed = await server.cli('key', 'create', ...settings, '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

async function refused(server: Server, caller: string, call: object, code: string): Promise<void> {
  const answer = await fetch(`${server.url}/api/v1/keys/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: JSON.stringify(call),
  });
  expect(((await answer.json()) as { code: string }).code).toBe(code);
}

test('refusals say why, and what mends them is filled in and not saved', async ({ ownServer, page }) => {
  const caller = await create(ownServer, '--client-name', 'Gateway', '--scope', 'keys:verify');
  const acme = await create(ownServer, '--client-name', 'Acme', '--scope', 'calls:read', '--allow-ip', '192.0.2.0/24');
  await refused(ownServer, caller, { key: acme, ip: '198.51.100.4' }, 'IP_NOT_ALLOWED');
  await refused(ownServer, caller, { key: acme, ip: '192.0.2.1', scopes: ['calls:make'] }, 'INSUFFICIENT_SCOPE');
  await createPerson(ownServer);
  await signIn(page, ownServer);
  await page.goto(await detailsOf(ownServer, 'Acme'));
  await page.getByRole('link', { name: 'Refused calls' }).click();
  await ready(page);
  await expect(page.getByRole('heading', { name: 'Refusals', level: 1 })).toBeVisible();
  const list = page.getByRole('list', { name: 'Refusals' }).getByRole('listitem');
  await expect(list).toHaveCount(2);
  await expectAccessible(page);

  await page.getByRole('combobox', { name: 'Reason' }).selectOption('Address not allowed');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(list).toHaveCount(1);
  await list.getByRole('link', { name: 'Allow this address' }).click();
  await ready(page);
  await expect(page.getByText('Proposed, and not saved yet: this allows 198.51.100.4')).toBeVisible();
  const addresses = page.getByRole('textbox', { name: 'Allowed addresses' });
  await expect(addresses).toHaveValue('192.0.2.0/24\n198.51.100.4');
  await expectAccessible(page);
  await refused(ownServer, caller, { key: acme, ip: '198.51.100.4' }, 'IP_NOT_ALLOWED');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await refused(ownServer, caller, { key: acme, ip: '198.51.100.4' }, 'VALID');

  await page.goto(`${ownServer.url}/usage/refusals?client=acm&code=insufficient_scope`);
  await list.getByRole('link', { name: 'Grant this scope' }).click();
  await expect(page.getByRole('checkbox', { name: /calls:make/ })).toBeChecked();
});

test('a viewer sees refusals and changes nothing', async ({ ownServer, page }) => {
  const caller = await create(ownServer, '--client-name', 'Gateway', '--scope', 'keys:verify');
  const acme = await create(ownServer, '--client-name', 'Acme', '--scope', 'calls:read');
  await refused(ownServer, caller, { key: acme, scopes: ['calls:make'] }, 'INSUFFICIENT_SCOPE');
  await createPerson(ownServer, VIEWER);
  await signIn(page, ownServer, VIEWER);
  await page.goto(`${ownServer.url}/usage/refusals`);
  await ready(page);
  await expect(page.getByText('The call needs calls:make')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Grant this scope' })).toHaveCount(0);
});
