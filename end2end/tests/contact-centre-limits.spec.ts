import { expectAccessible } from '../lib/axe.ts';
import { detailsOf, openKeys } from '../lib/keys.ts';
import { expect, test } from '../lib/test.ts';

const REFUSED = /Failed to load resource.*status of 422/;

test.use({ expectedComplaints: [REFUSED] });

test('a test key gets limits in the contact centre and a world, and its page says them in words', async ({
  ownServer,
  page,
}) => {
  await openKeys(page, ownServer, '?new&preset=crm');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByText('Advanced').click();
  const limits = add.getByRole('textbox', { name: 'In the contact centre' });
  await limits.fill('calls=60 an hour');
  await add.getByRole('textbox', { name: 'Sandbox world' }).fill('acme-ci');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText('calls=60 must end with /hour.')).toBeVisible();
  await expect(limits).toHaveValue('calls=60 an hour');
  await limits.fill('calls=60/hour\n+=0/hour\n+61=any\nhours=9-20\nstreams=5\nrecordings=500MB/day\nagent=none');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText('A live key reaches no world of the sandbox')).toBeVisible();
  await add.getByRole('combobox', { name: 'Environment' }).selectOption('test');
  await expectAccessible(page);
  await add.getByRole('button', { name: 'Generate key' }).click();
  await add.getByRole('button', { name: 'Done' }).click();

  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(`${details}/activity`);
  const about = page.getByRole('region', { name: 'Limits' });
  for (const words of [
    '60 outbound calls an hour',
    'To all other numbers: no calls',
    'To +61: as many calls as come',
    'Calls from 9:00 to 20:00 where the callee is, from Monday to Friday',
    '5 streams open at once',
    '500MB of recordings a day',
    'Acts for no agent',
  ]) {
    await expect(about.getByText(words, { exact: true })).toBeVisible();
  }
  await expectAccessible(page);
  await page.goto(details);
  await expect(page.getByRole('textbox', { name: 'Sandbox world' })).toHaveValue('acme-ci');
});
