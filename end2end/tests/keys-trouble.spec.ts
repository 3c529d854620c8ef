import { choose, createKeys, names, openKeys, row } from '../lib/keys.ts';
import { OWNER, signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;

test.use({ expectedComplaints: [/Failed to load resource/] });

test('signed out in the middle of a dialog: nothing that was typed is lost', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  // The name is looked up while the session still lives, so that the form is the first to meet its end.
  const lookedUp = page.waitForResponse('**/api/_fn/count_named');
  await choose(add);
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await lookedUp;
  await page.context().clearCookies();
  await add.getByRole('button', { name: 'Generate key' }).click();
  const again = page.getByRole('dialog', { name: 'Sign in again' });
  await again.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
  await again.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await expect(again).toBeHidden();
  await expect(add.getByText(SECRET)).toBeVisible();
});

test('the server goes away in the middle of a dialog: the page says so and goes on by itself', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await choose(add);
  await ownServer.kill();
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(page.getByText("Keydesk can't be reached. Trying again…")).toBeVisible();
  await expect(add.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme');
  await ownServer.start();
  await expect(add.getByText(SECRET)).toBeVisible();
  await expect(page.getByText("Keydesk can't be reached. Trying again…")).toBeHidden();
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'Acme')).toHaveCount(1);
});

test('no key is created before the settings that its link fills in have arrived', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  let arrive = () => {};
  const awaited = new Promise<void>((resolve) => (arrive = resolve));
  await page.route('**/api/_fn/settings_fields', async (route) => {
    await awaited;
    await route.continue();
  });
  await row(page, 'Acme').hover();
  await page.getByRole('button', { name: 'More actions for Acme' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate settings' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Copy');
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText('The settings of this key are still loading. Please try again in a moment.')).toBeVisible();
  await expect(add.getByText(SECRET)).toBeHidden();
  arrive();
  await expect(add.getByRole('checkbox', { name: 'Enabled' })).toBeVisible();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
});

test('an answer that is lost on the way makes no second key', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  let lost = 0;
  await page.route('**/api/_fn/create_key', async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    await route.abort();
  });
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Acme');
  await choose(add);
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(row(page, 'Acme')).toHaveCount(1);
  expect(lost).toBe(2);
});

test('a deletion that stops half-way says how far it came, and is undone', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  // As it would be if the database went away between two changes: the first key is deleted, the second is not.
  await page.route('**/api/_fn/delete_keys', async (route) => {
    const asked = route.request().postDataJSON() as { selection: { ids: string[] }; token: object };
    const first = { ...asked, selection: { ids: asked.selection.ids.slice(0, 1) } };
    const response = await route.fetch({ postData: JSON.stringify(first) });
    await route.fulfill({ response, json: { ...((await response.json()) as object), stopped: 'unavailable' } });
  });
  await row(page, 'Acme').getByRole('checkbox').check();
  await row(page, 'Borealis').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await expect(dialog.getByText('2 API keys will stop working at once:')).toBeVisible();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText("Deleted 1 API key, but not the other 1: Keydesk can't answer right now.")).toBeVisible();
  await expect.poll(() => names(page)).toHaveLength(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis']);
});

test('a list that can not be loaded says so, and Try again loads it', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await page.route('**/api/_fn/list_keys', (route) => route.fulfill({ status: 500, json: 'internal' }));
  await page.getByRole('searchbox').fill('acme');
  await expect(page.getByRole('heading', { name: 'The list could not be loaded' })).toBeVisible();
  await page.unroute('**/api/_fn/list_keys');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(row(page, 'Acme')).toBeVisible();
});

test('whoever is not signed in comes back to the list as they asked for it', async ({ ownServer, page }) => {
  await page.goto(`${ownServer.url}/keys?search=acme`);
  await expect(page).toHaveURL(/\/login\?next=/);
  await signIn(page, ownServer);
  await page.goto(`${ownServer.url}/keys?search=acme`);
  await ready(page);
  await expect(page.getByRole('searchbox')).toHaveValue('acme');
});
