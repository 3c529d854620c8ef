import type { Page } from '@playwright/test';
import { createKeys, detailsOf, names, verify } from '../lib/keys.ts';
import { createPerson, OWNER, signIn, type Person } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, test } from '../lib/test.ts';

// Without scripts: what a form has done stands on a page of its own, which can be loaded again.
test.use({ javaScriptEnabled: false, expectedComplaints: [/status of 40[19]/] });

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;
const BO: Person = { ...OWNER, name: 'Bo Peep', email: 'bo@example.com' };

interface Listed {
  client_name: string;
  version: number;
}

async function listed(server: Server): Promise<Listed[]> {
  const { items } = JSON.parse(await server.cli('key', 'list', '--json')) as { items: Listed[] };
  return items.filter((key) => key.client_name !== 'Default API Key');
}

const secretOn = async (page: Page) => (await page.getByText(SECRET).first().textContent())!.trim();

/** Posts the form of a dialog as it stands, as a second click would. */
async function postAgain(page: Page, form: string, intent: string): Promise<number> {
  const fields = await page.locator(`${form} input:not([type=radio]), ${form} input:checked`).evaluateAll((inputs) =>
    inputs.map((input) => [(input as HTMLInputElement).name, (input as HTMLInputElement).value]),
  );
  const action = (await page.locator(`${form} form[method=post], ${form}[method=post]`).first().getAttribute('action'))!;
  const body = new URLSearchParams([...fields, ['intent', intent]] as [string, string][]).toString();
  const origin = new URL(page.url()).origin;
  const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' };
  return (await page.request.post(new URL(action, origin).href, { headers, data: body, maxRedirects: 0 })).status();
}

test('reloading the page that shows a new key makes no second one', async ({ ownServer, page, context }) => {
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys`);
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Cobalt');
  await add.getByRole('radio', { name: 'CRM' }).check();
  await add.getByRole('button', { name: 'Generate key' }).dblclick();
  await expect(page).toHaveURL(/\/keys\/[0-9a-f-]{36}\/result$/);
  const key = (await add.getByText(SECRET).textContent())!.trim();
  for (const times of [1, 2]) {
    await page.reload();
    await expect(add.getByText(key), `loaded again, ${times}`).toBeVisible();
  }
  expect(await listed(ownServer)).toHaveLength(1);
  const cookie = (await context.cookies(page.url())).find(({ name }) => name.startsWith('keydesk-result'))!;
  expect(cookie).toMatchObject({ path: new URL(page.url()).pathname, httpOnly: true, sameSite: 'Strict' });
  expect(cookie.value).not.toContain(key);
  expect(cookie.expires).toBeLessThanOrEqual(Date.now() / 1000 + 600);
  // Without the cookie, as after some minutes, the page says so.
  const address = page.url();
  await context.clearCookies({ name: cookie.name });
  await page.reload();
  await expect(page.getByText('is no longer shown')).toBeVisible();
  expect(await page.content()).not.toContain(key);
  // To nobody else, even with the cookie.
  await createPerson(ownServer, BO);
  await context.clearCookies();
  await signIn(page, ownServer, BO);
  await context.addCookies([cookie]);
  await page.goto(address);
  await expect(page.getByText('is no longer shown')).toBeVisible();
  await page.goto(`${ownServer.url}/keys`);
  expect(await names(page)).toEqual(['Cobalt']);
  expect(ownServer.output).not.toContain(key);
});

test('a form that is posted twice makes one key, one rotation, one link', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys?new`);
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByRole('radio', { name: 'CRM' }).check();
  for (const times of [1, 2]) expect(await postAgain(page, '#add', 'create'), `posted ${times}`).toBe(303);
  expect(await listed(ownServer)).toHaveLength(1);

  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(`${details}?open=rotate`);
  for (const times of [1, 2]) expect(await postAgain(page, 'dialog', 'rotate'), `posted ${times}`).toBe(303);
  expect((await listed(ownServer))[0]!.version).toBe(2);
  await page.goto(`${details}?open=hand-over`);
  for (const times of [1, 2]) expect(await postAgain(page, 'dialog', 'hand-over'), `posted ${times}`).toBe(303);
  await page.goto(`${details}/activity`);
  await expect(page.getByRole('list', { name: 'Hand-over links' }).getByRole('listitem')).toHaveCount(1);
  for (const times of [1, 2]) {
    await page.goto(`${details}?open=delete`);
    if (times === 1) {
      expect(await postAgain(page, 'dialog', 'delete')).toBe(303);
      await page.goto(`${details}?done=deleted`);
      await expect(page.getByText('Deleted. Every call')).toBeVisible();
    }
    await expect(page.getByRole('alertdialog')).toHaveCount(0);
  }
});

test('rotating, revealing and handing over are pages that can be loaded again', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(details);
  await page.getByRole('link', { name: 'Rotate' }).click();
  const rotate = page.getByRole('dialog', { name: 'Rotate API key' });
  await expect(rotate).toContainText('Acme');
  await rotate.getByRole('button', { name: 'Rotate key' }).click();
  await expect(page).toHaveURL(`${details}/result`);
  const fresh = await secretOn(page);
  await page.reload();
  await expect(page.getByRole('region', { name: 'The new key' }).getByText(fresh)).toBeVisible();
  expect((await listed(ownServer))[0]!.version).toBe(2);

  await page.getByRole('button', { name: 'Reveal' }).first().click();
  const revealed = page.getByRole('region', { name: 'The key in full' });
  await expect(revealed.getByText(fresh)).toBeVisible();
  await page.reload();
  await expect(revealed.getByText(fresh)).toBeVisible();
  await expect(page.getByRole('region', { name: 'History' }).getByText('Key shown')).toHaveCount(1);

  await page.getByRole('link', { name: 'Hand over' }).click();
  const handOver = page.getByRole('dialog', { name: 'Hand over API key' });
  await expect(handOver).toContainText('Acme');
  await handOver.getByRole('button', { name: 'Create hand-over link' }).click();
  const link = page.getByRole('region', { name: 'The hand-over link' }).locator('code');
  const text = (await link.textContent())!;
  expect(text).toMatch(new RegExp(`^${ownServer.url}/handover#[\\w-]{43}$`));
  await page.reload();
  expect(await link.textContent()).toBe(text);
  await expect(page.getByRole('list', { name: 'Hand-over links' }).getByRole('listitem')).toHaveCount(1);
  await page.goto(details);
  expect(await page.content()).not.toContain(fresh);
});

test('disabling and deleting ask, name the key, and can be undone', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme');
  const printed = await ownServer.cli('key', 'create', '--client-name', 'Gateway', '--scope', 'keys:verify', '--json');
  const gateway = (JSON.parse(printed) as { key: string }).key;
  await signIn(page, ownServer);
  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(details);
  await page.getByRole('button', { name: 'Disable' }).click();
  const disable = page.getByRole('alertdialog', { name: 'Disable API keys' });
  await expect(disable).toContainText('Acme');
  await expect(disable).toContainText('Calls in the last 30 days');
  await disable.getByRole('link', { name: 'Cancel' }).click();
  await expect(disable).toHaveCount(0);
  expect(await verify(ownServer, key!, gateway)).toBe('VALID');
  await page.getByRole('button', { name: 'Disable' }).click();
  await disable.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('Disabled. Every call')).toBeVisible();
  expect(await verify(ownServer, key!, gateway)).toBe('DISABLED');
  await page.reload();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Enabled.')).toBeVisible();
  expect(await verify(ownServer, key!, gateway)).toBe('VALID');

  await page.getByRole('link', { name: 'Delete' }).click();
  const remove = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await expect(remove).toContainText('Acme');
  await remove.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('Deleted. Every call')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Restored.')).toBeVisible();
  expect(await verify(ownServer, key!, gateway)).toBe('VALID');
});

test('where a key is shown once, the page says so, and loading it again neither shows it nor makes another', async ({
  ownServer,
  page,
}) => {
  await ownServer.cli('installation', 'create', 'once', '--show-once');
  await signIn(page, ownServer, BO, 'once');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  // The server hears of an installation that the command line makes within a moment.
  await expect(async () => {
    await page.goto(`${ownServer.url}/keys?new`);
    await expect(add).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByRole('radio', { name: 'CRM' }).check();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
  await expect(add.getByText(/It is shown only now/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/can't be shown again/)).toBeVisible();
  expect(await page.content()).not.toMatch(SECRET);
  await page.goto(`${ownServer.url}/keys`);
  expect(await names(page)).toEqual(['Acme']);
});

test('a form whose session has ended comes back filled in after signing in', async ({ ownServer, page, context }) => {
  await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(`${details}?edit`);
  await page.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await page.getByRole('textbox', { name: 'Notes' }).fill('A long text\nin two lines');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('What you typed is kept on this page')).toBeVisible();
  await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill('wrong horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText(/wrong|not right|match/i);
  await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme Airlines');
  await expect(page.getByRole('textbox', { name: 'Notes' })).toHaveValue('A long text\nin two lines');
  expect(page.url()).not.toContain('horse');
  // Nothing is changed before the button is pressed.
  await expect(page.getByRole('heading', { name: 'Acme', exact: true, level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Acme Airlines', level: 1 })).toBeVisible();

  // So do the forms of the list.
  await page.goto(`${ownServer.url}/keys?new`);
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Borealis');
  await add.getByRole('radio', { name: 'Live widget' }).check();
  await context.clearCookies();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(add.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Borealis');
  await expect(add.getByRole('radio', { name: 'Live widget' })).toBeChecked();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
});

test('a form of somebody else is kept for them, and not carried out', async ({ ownServer, page, context }) => {
  await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  await page.goto(`${await detailsOf(ownServer, 'Acme')}?edit`);
  await page.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await context.clearCookies();
  await signIn(page, ownServer, BO);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: 'Somebody else is signed in' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('Bo Peep');
  await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme Airlines');
  expect((await listed(ownServer))[0]!.client_name).toBe('Acme');
});
