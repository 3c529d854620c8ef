import { createKeys, openKeys, row } from '../lib/keys.ts';
import { OWNER, signIn, type Person } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const BO: Person = { ...OWNER, name: 'Bo Peep', email: 'bo@example.com' };

test.use({ expectedComplaints: [/Failed to load resource/] });

test('somebody else signs in in a second tab: the first acts for nobody, says who it is, and loads their page', async ({
  ownServer,
  page,
}) => {
  await createKeys(ownServer, 'Mine');
  await ownServer.cli('installation', 'create', 'other', '--title', 'Other Centre');
  await ownServer.cli('key', 'create', '--client-name', 'Theirs', '--preset', 'crm', '--installation', 'other');
  await openKeys(page, ownServer);
  await signIn(page, ownServer, BO, 'other');
  await row(page, 'Mine').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const other = page.getByRole('dialog', { name: 'Somebody else is signed in' });
  await expect(other).toContainText('You are signed in as Bo Peep (Other Centre) now');
  await other.getByRole('link', { name: 'Reload' }).click();
  await ready(page);
  await expect(row(page, 'Theirs')).toHaveCount(1);
  await expect(row(page, 'Mine')).toHaveCount(0);
  expect(await ownServer.cli('key', 'list')).toContain('Mine');
});
