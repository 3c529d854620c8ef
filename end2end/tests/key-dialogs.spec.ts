import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, dialogAddresses, openKeys, openTab, row } from '../lib/keys.ts';
import { OWNER, signIn, type Person } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const SECRET = /ccc_live_[0-9A-Za-z]{36}/;
const GRACE: Person = { ...OWNER, name: 'Grace Hopper', email: 'grace@example.com' };

/** The page of a new key, ready. */
async function openKey(page: Page, server: Server, name: string): Promise<string> {
  await createKeys(server, name);
  await signIn(page, server);
  const details = await detailsOf(server, name);
  await page.goto(details);
  await ready(page);
  return details;
}

/** Another window gets the focus. */
const turnAway = (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('blur')));

/** Another tab is looked at. */
const hide = (page: Page) =>
  page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    Object.defineProperty(document, 'hidden', { value: false, configurable: true });
  });

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

for (const [opener, role, name, confirm] of [
  ['Rotate', 'dialog', 'Rotate API key', 'Rotate key'],
  ['Hand over', 'dialog', 'Hand over API key', 'Create hand-over link'],
  ['Make a token', 'dialog', 'Make a token', 'Make token'],
  ['Disable', 'alertdialog', 'Disable API keys', 'Disable'],
  ['Delete', 'alertdialog', 'Delete API keys', 'Delete'],
] as const) {
  test(`${opener} opens a dialog that names the key, and Cancel and Escape do nothing`, async ({ ownServer, page }) => {
    const details = await openKey(page, ownServer, 'Acme');
    const control = page.getByRole('link', { name: opener, exact: true })
      .or(page.getByRole('main').getByRole('button', { name: opener, exact: true })).first();
    const dialog = page.getByRole(role, { name });
    for (const leave of ['Escape', 'Cancel']) {
      await control.click();
      await expect(dialog).toContainText('Acme');
      await ready(page);
      expect(await dialog.evaluate((element) => element.matches(':modal') && element.contains(document.activeElement))).toBe(true);
      await expect(dialog.getByRole('button', { name: confirm, exact: true })).toBeVisible();
      await expectAccessible(page);
      if (leave === 'Escape') await page.keyboard.press('Escape');
      else await dialog.getByRole('link', { name: 'Cancel' }).click();
      await expect(dialog).toHaveCount(0);
      await expect(control).toBeFocused();
      await expect(page).toHaveURL(details);
    }
    await openTab(page, 'Activity');
    await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(1);
  });
}

test('what is done is told, the focus stays where the person was, and Undo takes it back', async ({ ownServer, page }) => {
  const details = await openKey(page, ownServer, 'Acme');
  await page.getByRole('button', { name: 'Disable' }).click();
  await ready(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByRole('status').getByText('Disabled. Every call')).toBeVisible();
  await expect(page.getByRole('main').getByRole('button', { name: 'Enable' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Undo' })).toBeInViewport();
  await expect(page).toHaveURL(details);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status').getByText('Enabled.')).toBeVisible();
  await expect(page.getByRole('main').getByRole('button', { name: 'Disable' })).toBeFocused();

  await page.getByRole('link', { name: 'Delete' }).click();
  await ready(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('status').getByText('Deleted. Every call')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Restore' })).toBeFocused();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status').getByText('Restored.')).toBeVisible();

  await page.goto(`${details}?edit`);
  await ready(page);
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toBeFocused();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save' })).toBeFocused();
  // An address that says what is no longer so says nothing.
  await page.goto(`${details}?done=disabled`);
  await expect(page.getByText('Disabled. Every call')).toHaveCount(0);
});

test('a revealed key is gone when nobody looks at it, and after a minute', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.clock.install();
  const [key] = await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  await page.goto(await detailsOf(ownServer, 'Acme'));
  const revealed = page.getByRole('region', { name: 'The key in full' });
  for (const goes of [turnAway, hide, () => page.clock.fastForward(60_000)]) {
    await ready(page);
    await page.getByRole('button', { name: 'Reveal' }).first().click();
    await expect(revealed.getByText(key!)).toBeVisible();
    await ready(page);
    await goes(page);
    await expect(revealed.getByText(key!)).toHaveCount(0);
    await expect(revealed).toContainText('…');
    expect(await page.content()).not.toContain(key);
    await expect(revealed.getByRole('button', { name: 'Reveal' })).toBeVisible();
  }
  await expectAccessible(page);
});

test('a new key is covered when nobody looks at it, is copied all the same, and comes back', async ({
  ownServer,
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.clock.install();
  await openKey(page, ownServer, 'Acme');
  await page.getByRole('link', { name: 'Rotate' }).click();
  await ready(page);
  await page.getByRole('button', { name: 'Rotate key' }).click();
  const once = page.getByRole('region', { name: 'The new key' });
  await expect(once.getByRole('heading', { name: 'The new key' })).toBeFocused();
  const fresh = (await once.getByText(SECRET).textContent())!.trim();
  await ready(page);
  for (const goes of [turnAway, hide, () => page.clock.fastForward(60_000)]) {
    await goes(page);
    await expect(once.getByText(fresh)).toHaveCount(0);
    expect(await page.content()).not.toContain(fresh);
    await once.getByRole('button', { name: 'Copy key' }).click();
    await expect(once.locator('#new-key-copied')).toHaveText('Copied');
    expect(await clipboard(page)).toBe(fresh);
    // The command that is copied has the key, and the page has it in no second place.
    await once.getByRole('button', { name: 'Copy command' }).click();
    await expect.poll(() => clipboard(page)).toContain(`KEYDESK_KEY='${fresh}'\ncurl `);
    expect(await page.content()).not.toContain(fresh);
    await expectAccessible(page);
    await once.getByRole('button', { name: 'Show' }).click();
    await expect(once.getByText(fresh)).toBeVisible();
  }
});

test('in the list a revealed key is gone, and a new one covered, when nobody looks', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const [key] = await createKeys(ownServer, 'Acme');
  await page.clock.install();
  await openKeys(page, ownServer);
  const acme = row(page, 'Acme');
  for (const goes of [turnAway, hide, () => page.clock.fastForward(60_000)]) {
    await acme.hover();
    await acme.getByRole('button', { name: 'Reveal' }).click();
    await expect(acme.getByText(key!)).toBeVisible();
    await goes(page);
    await expect(acme.getByText(key!)).toHaveCount(0);
  }
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill('Borealis');
  await add.getByRole('radio', { name: 'CRM' }).check();
  await add.getByRole('button', { name: 'Generate key' }).click();
  const fresh = (await add.getByText(SECRET).textContent())!.trim();
  for (const goes of [turnAway, hide, () => page.clock.fastForward(60_000)]) {
    await goes(page);
    await expect(add.getByText(fresh)).toHaveCount(0);
    await add.getByRole('button', { name: 'Copy key' }).click();
    await expect(add.getByText('Copied', { exact: true })).toBeVisible();
    expect(await clipboard(page)).toBe(fresh);
    await add.getByRole('button', { name: 'Show' }).click();
    await expect(add.getByText(fresh)).toBeVisible();
  }
  // It can be revealed again, so nothing is asked.
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(add).toHaveCount(0);
});

test('a key that is shown once asks before it goes uncopied', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ownServer.cli('installation', 'create', 'once', '--show-once');
  await signIn(page, ownServer, GRACE, 'once');
  // The server hears of an installation that the command line makes within a moment.
  await expect(async () => {
    await page.goto(`${ownServer.url}/keys`);
    await ready(page);
    await expect(page.getByRole('button', { name: 'Add API key' })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  const question = page.getByRole('alertdialog', { name: 'Leave without the key?' });
  const generate = async (name: string) => {
    await page.getByRole('button', { name: 'Add API key' }).click();
    await add.getByRole('textbox', { name: 'Client Name' }).fill(name);
    await add.getByRole('radio', { name: 'CRM' }).check();
    await add.getByRole('button', { name: 'Generate key' }).click();
    return (await add.getByText(SECRET).textContent())!.trim();
  };
  const fresh = await generate('Acme');
  await expect(add.getByText(/It is shown only now/)).toBeVisible();
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(question).toContainText("You have not copied the key. It can't be shown again.");
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(question).toHaveCount(0);
  await expect(add.getByText(fresh)).toBeVisible();
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  await expect(add.getByText(SECRET)).toHaveCount(1);
  if (!(await question.isVisible())) await page.keyboard.press('Escape');
  await question.getByRole('button', { name: 'Copy key' }).click();
  await expect(add.getByText('Copied', { exact: true })).toBeVisible();
  expect(await clipboard(page)).toBe(fresh);
  await add.getByRole('button', { name: 'Done' }).click();
  await expect(add).toHaveCount(0);

  await generate('Borealis');
  await add.getByRole('button', { name: 'Done' }).click();
  await question.getByRole('button', { name: 'Leave it' }).click();
  await expect(add).toHaveCount(0);

  // On the key's page, too.
  const printed = await ownServer.cli('key', 'list', '--search', 'Acme', '--installation', 'once', '--json');
  const { items } = JSON.parse(printed) as { items: { id: string; kind: string }[] };
  await page.goto(`${ownServer.url}/keys/${items.find(({ kind }) => kind === 'issued')!.id}`);
  await ready(page);
  await page.getByRole('link', { name: 'Rotate' }).click();
  await ready(page);
  await page.getByRole('button', { name: 'Rotate key' }).click();
  const once = page.getByRole('region', { name: 'The new key' });
  await expect(once.getByText(SECRET)).toBeVisible();
  await ready(page);
  await page.getByRole('link', { name: 'API Keys' }).first().click();
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Copy key' }).click();
  await expect(once.getByText('Copied', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'API Keys' }).first().click();
  await page.waitForURL(/\/keys$/);
});

test('a hand-over link asks before it goes uncopied', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openKey(page, ownServer, 'Acme');
  await page.getByRole('link', { name: 'Hand over' }).click();
  await ready(page);
  await page.getByRole('button', { name: 'Create hand-over link' }).click();
  await expect(page.getByRole('region', { name: 'The hand-over link' })).toBeVisible();
  await ready(page);
  const question = page.getByRole('alertdialog', { name: 'Leave without the link?' });
  // Another tab leaves it where it is.
  await openTab(page, 'Settings');
  await expect(question).toBeHidden();
  await expect(page.getByRole('region', { name: 'The hand-over link' })).toBeVisible();
  const away = page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'API Keys' });
  await away.click();
  await expect(question).toContainText("You have not copied the link. It can't be shown again.");
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await away.click();
  await question.getByRole('button', { name: 'Leave it' }).click();
  await page.waitForURL(/\/keys$/);
});

for (const theme of ['light', 'dark'] as const) {
  test(`the dialogs of a key fit, in ${theme}`, async ({ ownServer, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await createKeys(ownServer, '漢'.repeat(100));
    await signIn(page, ownServer);
    const details = await detailsOf(ownServer, '漢');
    for (const address of await dialogAddresses(page, ownServer, details)) {
      const open = new URL(address).searchParams.get('open');
      await page.goto(address);
      await ready(page);
      await expect(page.locator('dialog:modal')).toBeVisible();
      for (const width of [1280, 768, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await expectAccessible(page);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(over, `${open} at ${width} pixels`).toBeLessThanOrEqual(0);
        if (process.env.KEYDESK_PICTURES) {
          await page.screenshot({ path: `${process.env.KEYDESK_PICTURES}/${open}-${theme}-${width}.png` });
        }
      }
    }
  });
}
