import type { Locator, Page, Route } from '@playwright/test';
import { createKeys, names, openKeys, row } from '../lib/keys.ts';
import type { Server } from '../lib/server.ts';
import { expect, test } from '../lib/test.ts';

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;
const TRYING = "Keydesk can't be reached. Trying again…";

test.use({ expectedComplaints: [/Failed to load resource/] });

/** Loses the first answer of a server function, after the server has done what it was asked for. Returns how often it is called. */
async function loseFirst(page: Page, verb: string): Promise<() => number> {
  let calls = 0;
  await page.route(`**/api/_fn/${verb}*`, async (route) => {
    if (calls++ > 0) return route.continue();
    await route.fetch();
    await route.abort();
  });
  return () => calls;
}

/** Holds the answer of a server function until it is released. */
async function hold(page: Page, verb: string): Promise<{ asked: Promise<void>; release: () => void }> {
  let [release, asked] = [() => {}, () => {}];
  const released = new Promise<void>((done) => (release = done));
  const came = new Promise<void>((done) => (asked = done));
  await page.route(`**/api/_fn/${verb}*`, async (route) => {
    const response = await route.fetch();
    asked();
    await released;
    await route.fulfill({ response });
  });
  return { asked: came, release };
}

async function audited(server: Server, action: string): Promise<number> {
  const lines = (await server.cli('audit', 'export')).split('\n').filter((line) => line !== '');
  return lines.filter((line) => (JSON.parse(line) as { action?: string }).action === action).length;
}

async function edit(page: Page, name: string): Promise<Locator> {
  await row(page, name).hover();
  await row(page, name).getByRole('button', { name: `Edit ${name}` }).click();
  return page.getByRole('dialog', { name: 'Edit API key' });
}

async function choose(page: Page, name: string, entry: string): Promise<void> {
  await row(page, name).hover();
  await page.getByRole('button', { name: `More actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

async function deleteSelected(page: Page, ...clients: string[]): Promise<Locator> {
  for (const client of clients) await row(page, client).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await expect(dialog.getByText('will stop working at once:')).toBeVisible();
  return dialog;
}

async function addDialog(page: Page, name: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill(name);
  await add.getByRole('radio', { name: 'CRM' }).check();
  return add;
}

const save = (dialog: Locator) => dialog.getByRole('button', { name: 'Save' });
const generate = (dialog: Locator) => dialog.getByRole('button', { name: 'Generate key' });
const cancel = (dialog: Locator) => dialog.getByRole('button', { name: 'Cancel' });
const remove = (dialog: Locator) => dialog.getByRole('button', { name: 'Delete', exact: true });

test('a deletion whose answer is lost is told, and is undone whole', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  const deletions = await loseFirst(page, 'delete_keys');
  await remove(await deleteSelected(page, 'Acme', 'Borealis')).click();
  await expect(page.getByText('Deleted 2 API keys', { exact: true })).toBeVisible();
  expect(deletions()).toBe(2);
  expect(await audited(ownServer, 'key.delete')).toBe(2);
  // The answer of Undo is lost too.
  await loseFirst(page, 'undo_delete');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Restored 2 API keys')).toBeVisible();
  await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis']);
});

test('an edit whose answer is lost is no conflict, whatever its fields are made into', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  const saves = await loseFirst(page, 'save_key');
  const dialog = await edit(page, 'Acme');
  await dialog.getByText('Advanced').click();
  await dialog.getByLabel('Allowed addresses').fill('192.0.2.0/24\n10.0.0.0/8');
  await dialog.getByLabel('Allowed origins').fill('https://CRM.Example');
  await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await save(dialog).click();
  await expect(dialog).toBeHidden();
  await expect(row(page, 'Acme Airlines')).toBeVisible();
  expect(saves()).toBe(2);
  expect(await audited(ownServer, 'key.update')).toBe(1);
});

test('a reveal whose answer is lost is shown, and is one entry', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  const reveals = await loseFirst(page, 'reveal_key');
  await choose(page, 'Acme', 'Reveal');
  await expect(row(page, 'Acme').getByText(SECRET)).toBeVisible();
  expect(reveals()).toBe(2);
  expect(await audited(ownServer, 'key.reveal')).toBe(1);
});

test('a restored key whose answer is lost is told as restored', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await remove(await deleteSelected(page, 'Acme')).click();
  await expect(page.getByText('Deleted 1 API key')).toBeVisible();
  await openKeys(page, ownServer, '?status=revoked');
  await loseFirst(page, 'restore_key');
  await choose(page, 'Acme', 'Restore');
  await expect(page.getByText('Restored the API key of Acme')).toBeVisible();
  expect(await audited(ownServer, 'key.restore')).toBe(1);
});

for (const [what, answer] of [
  ['the redirect of a single sign-on', { status: 302, headers: { location: '/login?sso' } }],
  ['a page to sign in', { status: 200, contentType: 'text/html', body: '<h1>Sign in</h1>' }],
  ['the JSON of another program', { status: 200, json: { key: 7 } }],
  ["a proxy's refusal", { status: 403, contentType: 'text/html', body: '<h1>Forbidden</h1>' }],
] as const) {
  test(`${what} is not taken for an answer of Keydesk`, async ({ ownServer, page }) => {
    await openKeys(page, ownServer);
    let calls = 0;
    await page.route('**/api/_fn/create_key*', (route) => (calls++, route.fulfill(answer)));
    const add = await addDialog(page, 'Acme');
    await generate(add).click();
    await expect(add.getByText("These answers are not Keydesk's: reload, or sign in again.")).toBeVisible();
    await expect(add.getByRole('link', { name: 'Reload in a new tab' })).toHaveAttribute('target', '_blank');
    await expect(add.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme');
    expect(calls).toBe(1);
    await page.unroute('**/api/_fn/create_key*');
    await add.getByRole('button', { name: 'Try again' }).click();
    await expect(add.getByText(SECRET)).toBeVisible();
    await expect(add.getByText('These answers')).toBeHidden();
    await add.getByRole('button', { name: 'Done' }).click();
    await expect(row(page, 'Acme')).toHaveCount(1);
  });
}

test('a tab that stood open over an upgrade says so, and keeps what was typed', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  // The function of this name is no longer there, as after an upgrade.
  await page.route('**/api/_fn/save_key*', async (route) => {
    await route.fulfill({ response: await route.fetch({ url: `${ownServer.url}/api/_fn/save_key_of_before` }) });
  });
  const dialog = await edit(page, 'Acme');
  await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await save(dialog).click();
  await expect(dialog.getByText('Keydesk was updated since this page was opened: reload to go on.')).toBeVisible();
  await expect(dialog.getByRole('link', { name: 'Reload in a new tab' })).toBeVisible();
  await expect(dialog.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme Airlines');
});

test('a page that a proxy gives while Keydesk is started again is waited out', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  let calls = 0;
  await page.route('**/api/_fn/create_key*', async (route) => {
    if (calls++ > 1) return route.continue();
    await route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' });
  });
  const add = await addDialog(page, 'Acme');
  await generate(add).click();
  await expect(add.getByText(TRYING)).toBeVisible();
  await expect(add.getByText(SECRET)).toBeVisible();
  await expect(add.getByText(TRYING)).toBeHidden();
});

test('tries end after a few, and the person goes on', async ({ ownServer, page }) => {
  await page.clock.install();
  await openKeys(page, ownServer);
  let calls = 0;
  await page.route('**/api/_fn/create_key*', (route) => (calls++, route.abort()));
  const add = await addDialog(page, 'Acme');
  await generate(add).click();
  await expect(add.getByText(TRYING)).toBeVisible();
  const over = add.getByText("Keydesk can't be reached. Nothing was lost.");
  await expect(async () => {
    await page.clock.runFor(5_000);
    await expect(over).toBeVisible({ timeout: 100 });
  }).toPass();
  const tried = calls;
  expect(tried).toBeLessThanOrEqual(6);
  await page.clock.runFor(60_000);
  expect(calls).toBe(tried);
  await page.unroute('**/api/_fn/create_key*');
  await add.getByRole('button', { name: 'Try again' }).click();
  await expect(add.getByText(SECRET)).toBeVisible();
});

test('what is only an ornament is asked for once', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  let calls = 0;
  await page.route('**/api/_fn/count_named*', (route) => (calls++, route.abort()));
  const failed = page.waitForEvent('requestfailed', (request) => request.url().includes('count_named'));
  const add = await addDialog(page, 'Acme');
  await failed;
  await generate(add).click();
  await expect(add.getByText(SECRET)).toBeVisible();
  await expect(page.getByText(TRYING)).toBeHidden();
  expect(calls).toBe(1);
});

test.describe('cancelled while it is on its way', () => {
  test('an edit that was made is told', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await openKeys(page, ownServer);
    const { asked, release } = await hold(page, 'save_key');
    const dialog = await edit(page, 'Acme');
    await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
    await save(dialog).click();
    await asked;
    await cancel(dialog).click();
    await expect(dialog).toBeHidden();
    release();
    await expect(page.getByText('Saved Acme Airlines all the same')).toBeVisible();
    await expect(row(page, 'Acme Airlines')).toBeVisible();
  });

  test('a deletion that was made is told, and can be undone', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme', 'Borealis');
    await openKeys(page, ownServer);
    const { asked, release } = await hold(page, 'delete_keys');
    const dialog = await deleteSelected(page, 'Acme', 'Borealis');
    await remove(dialog).click();
    await asked;
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    release();
    await expect(page.getByText('Deleted 2 API keys')).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => names(page)).toEqual(['Acme', 'Borealis']);
  });

  test('a key that was made is shown', async ({ ownServer, page }) => {
    await openKeys(page, ownServer);
    const { asked, release } = await hold(page, 'create_key');
    const add = await addDialog(page, 'Acme');
    await generate(add).click();
    await asked;
    await cancel(add).click();
    await expect(add).toBeHidden();
    release();
    await expect(add.getByText('This API key was generated all the same')).toBeVisible();
    await expect(add.getByText(SECRET)).toBeVisible();
    await add.getByRole('button', { name: 'Done' }).click();
    await expect(row(page, 'Acme')).toHaveCount(1);
  });

  for (const [how, leave] of [
    ['Cancel', (dialog: Locator) => cancel(dialog).click()],
    [
      'Escape',
      async (dialog: Locator) => {
        await dialog.page().keyboard.press('Escape');
        await dialog.page().getByRole('button', { name: 'Throw away' }).click();
      },
    ],
  ] as const) {
    test(`${how} ends the tries, and what comes late is not done`, async ({ ownServer, page }) => {
      await createKeys(ownServer, 'Acme');
      await openKeys(page, ownServer);
      const sent: Route[] = [];
      await page.route('**/api/_fn/save_key*', async (route) => {
        sent.push(route);
        const { token } = route.request().postDataJSON() as { token: { recalled?: boolean } };
        return token.recalled === true ? route.continue() : route.abort();
      });
      const dialog = await edit(page, 'Acme');
      await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Late');
      await save(dialog).click();
      await expect(dialog.getByText(TRYING)).toBeVisible();
      const takenBack = page.waitForResponse('**/api/_fn/save_key*');
      await leave(dialog);
      await expect(dialog).toBeHidden();
      await expect(page.getByText(TRYING)).toBeHidden();
      expect((await takenBack).status()).toBe(409);
      // What was sent first arrives now.
      const first = sent[0]!.request();
      const late = await page.request.post(first.url(), { data: first.postData()!, headers: await first.allHeaders() });
      expect(await late.json()).toEqual({ key: 'recalled' });
      expect(await names(page)).toEqual(['Acme']);
      await page.reload();
      expect(await names(page)).toEqual(['Acme']);
    });
  }

  test('an edit that was made although its answer was lost is told', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await openKeys(page, ownServer);
    await page.route('**/api/_fn/save_key*', async (route) => {
      const { token } = route.request().postDataJSON() as { token: { recalled?: boolean } };
      if (token.recalled === true) return route.continue();
      await route.fetch();
      await route.abort();
    });
    const dialog = await edit(page, 'Acme');
    await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
    await save(dialog).click();
    await expect(dialog.getByText(TRYING)).toBeVisible();
    await cancel(dialog).click();
    await expect(page.getByText('Saved Acme Airlines all the same')).toBeVisible();
    await expect(page.getByText(TRYING)).toBeHidden();
  });
});

test('nothing is deleted before it is known what stops', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  let deletions = 0;
  await page.route('**/api/_fn/delete_keys*', (route) => (deletions++, route.continue()));
  const { release } = await hold(page, 'get_impact');
  await row(page, 'Acme').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await expect(dialog.getByText('Looking up what will stop working…')).toBeVisible();
  await expect(remove(dialog)).toHaveAttribute('aria-disabled', 'true');
  await remove(dialog).click({ force: true });
  await remove(dialog).press('Enter');
  release();
  await expect(dialog.getByText('1 API key will stop working at once:')).toBeVisible();
  await expect(dialog).toBeVisible();
  expect(deletions).toBe(0);
  await expect(remove(dialog)).not.toHaveAttribute('aria-disabled', 'true');
  await remove(dialog).click();
  await expect(page.getByText('Deleted 1 API key')).toBeVisible();
});

test('a look-up that fails is offered again', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  await page.route('**/api/_fn/get_impact*', async (route) => {
    await route.fulfill({ response: await route.fetch(), status: 503, json: { key: 'unavailable' } });
  });
  await row(page, 'Acme').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete API keys' });
  await expect(dialog.getByText('What will stop working could not be looked up.')).toBeVisible();
  await expect(remove(dialog)).toHaveAttribute('aria-disabled', 'true');
  await page.unroute('**/api/_fn/get_impact*');
  await dialog.getByRole('button', { name: 'Look up again' }).click();
  await expect(dialog.getByText('1 API key will stop working at once:')).toBeVisible();
  await remove(dialog).click();
  await expect(page.getByText('Deleted 1 API key')).toBeVisible();
});
