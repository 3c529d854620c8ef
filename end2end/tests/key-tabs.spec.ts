import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, expectToFit, openTab } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

/** The page of a new key, ready. */
async function openKey(page: Page, server: Server): Promise<{ details: string; key: string }> {
  const [key] = await createKeys(server, 'Acme');
  await signIn(page, server);
  const details = await detailsOf(server, 'Acme');
  await page.goto(details);
  await ready(page);
  return { details, key: key! };
}

const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });

test('the tabs follow the keyboard, the address follows the tabs, and Back goes back', async ({ ownServer, page }) => {
  const { details } = await openKey(page, ownServer);
  const [settings, activity] = [tab(page, 'Settings'), tab(page, 'Activity')];
  await expect(page.getByRole('tablist', { name: 'This key' }).getByRole('tab')).toHaveCount(2);
  await expect(settings).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('tabpanel', { name: 'Settings' })).toBeVisible();
  await expect(page.getByRole('tabpanel', { name: 'Activity' })).toBeHidden();
  const loads: string[] = [];
  page.on('request', (request) => { if (request.resourceType() === 'document') loads.push(request.url()); });
  await settings.focus();
  await page.keyboard.press('ArrowRight');
  await expect(activity).toBeFocused();
  await expect(activity).toHaveAttribute('aria-selected', 'false');
  await page.keyboard.press('ArrowRight');
  await expect(settings).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tabpanel', { name: 'Activity' })).toBeVisible();
  await expect(page).toHaveURL(`${details}/activity`);
  await expect(activity).toBeFocused();
  // One of them is in the order of Tab.
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await expect(activity).toBeFocused();
  await expectAccessible(page);
  await page.goBack();
  await expect(page.getByRole('tabpanel', { name: 'Settings' })).toBeVisible();
  await expect(page).toHaveURL(details);
  await page.goForward();
  await expect(page.getByRole('tabpanel', { name: 'Activity' })).toBeVisible();
  expect(loads, 'nothing was loaded anew').toEqual([]);
  await page.reload();
  await ready(page);
  await expect(tab(page, 'Activity')).toHaveAttribute('aria-selected', 'true');
});

test('what is typed stays, whatever is looked at and opened, and leaving asks', async ({ ownServer, page }) => {
  const { details } = await openKey(page, ownServer);
  const notes = page.getByRole('textbox', { name: 'Notes' });
  await notes.fill('Half a sentence');
  await openTab(page, 'Activity');
  await openTab(page, 'Settings');
  await expect(notes).toHaveValue('Half a sentence');
  const rotate = page.getByRole('link', { name: 'Rotate' });
  await rotate.click();
  const dialog = page.getByRole('dialog', { name: 'Rotate API key' });
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(`${details}?open=rotate`);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(rotate).toBeFocused();
  await expect(page).toHaveURL(details);
  await expect(notes).toHaveValue('Half a sentence');

  const asked: string[] = [];
  page.on('dialog', (question) => {
    asked.push(question.type());
    void question.dismiss();
  });
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'API Keys' }).click();
  await expect.poll(() => asked).toEqual(['beforeunload']);
  await expect(notes).toHaveValue('Half a sentence');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await ready(page);
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'API Keys' }).click();
  await page.waitForURL(/\/keys$/);
  expect(asked).toHaveLength(1);
});

test('the key is copied from its page without being shown, and the history says so', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { key } = await openKey(page, ownServer);
  const requested: string[] = [];
  page.on('request', (request) => requested.push(`${request.url()} ${request.headers().referer ?? ''}`));
  const copy = page.getByRole('button', { name: 'Copy', exact: true });
  await copy.click();
  await expect(page.getByText('Copied', { exact: true })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  expect(await page.content()).not.toContain(key);
  await copy.click();
  await expectAccessible(page);
  for (const request of requested) expect(request).not.toContain(key);
  expect(ownServer.output).not.toContain(key);
  await openTab(page, 'Activity');
  const history = page.getByRole('region', { name: 'History' });
  await expect(history.getByText('Key shown')).toHaveCount(1);
  await expect(history).toContainText('Key shown by Ada Lovelace from 127.0.0.1');
});

test('all of a kind is one switch, and what is dangerous is warned of where it is ticked', async ({ ownServer, page }) => {
  await openKey(page, ownServer);
  await expect(page.getByText('Everything, including what is added later')).toHaveCount(0);
  const all = page.getByRole('switch', { name: /calls:\*$/ });
  const [read, make] = [page.getByRole('checkbox', { name: /calls:read$/ }), page.getByRole('checkbox', { name: /calls:make$/ })];
  await make.uncheck();
  await all.check();
  for (const one of [read, make]) {
    await expect(one).toBeChecked();
    await expect(one).toBeDisabled();
  }
  await all.uncheck();
  await expect(make).not.toBeChecked();
  await expect(read).toBeChecked();
  await all.check();

  for (const [role, name, warning] of [
    ['checkbox', /users:impersonate$/, /Acts in the name of any agent/],
    ['switch', /keys:\*$/, /Makes, changes and deletes API keys, and reads their secrets/],
    ['checkbox', /data:write$/, /Changes whole tables of the contact centre at once/],
  ] as const) {
    const tick = page.getByRole(role, { name });
    const warned = page.getByText(warning).locator('visible=true');
    await expect(warned).toHaveCount(0);
    await expect(tick, 'whoever does not see it hears it').toHaveAccessibleDescription(warning);
    await tick.check();
    await expect(warned).toHaveCount(1);
    await expectAccessible(page);
    if (role === 'switch') await tick.uncheck();
  }
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await ready(page);
  await expect(all).toBeChecked();
  await expect(page.getByText(/Acts in the name of any agent/).locator('visible=true')).toHaveCount(1);
  const listed = JSON.parse(await ownServer.cli('key', 'list', '--search', 'Acme', '--json')) as { items: { client_name: string; scopes: string[] }[] };
  const scopes = listed.items.find(({ client_name: name }) => name === 'Acme')!.scopes;
  expect(scopes).toEqual(expect.arrayContaining(['calls:*', 'calls:read', 'data:write', 'users:impersonate']));
  expect(scopes).not.toContain('calls:make');
  expect(scopes).not.toContain('keys:*');
});

test('a key is bound to the address of whoever reads, by one button, in each form', async ({ ownServer, page }) => {
  const { details } = await openKey(page, ownServer);
  for (const address of [details, `${ownServer.url}/keys?new&allowed_ips=192.0.2.1`]) {
    await page.goto(address);
    await ready(page);
    const addresses = page.getByRole('textbox', { name: 'Allowed addresses' });
    const before = await addresses.inputValue();
    const button = page.getByRole('button', { name: 'Use my address, 127.0.0.1' });
    await button.click();
    await button.click();
    await expect(addresses).toHaveValue([before, '127.0.0.1'].filter((line) => line).join('\n'));
    await expect(addresses).toBeFocused();
  }
  for (const group of ['Rights', 'Restrictions', 'About']) await expect(page.getByRole('group', { name: group, exact: true })).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the tabs are links, the reader is told their address, and all of a kind is given', async ({ ownServer, page }) => {
    const [key] = await createKeys(ownServer, 'Acme');
    await signIn(page, ownServer);
    const details = await detailsOf(ownServer, 'Acme');
    await page.goto(details);
    const pages = page.getByRole('navigation', { name: 'This key' });
    await expect(pages.getByRole('link', { name: 'Settings' })).toHaveAttribute('aria-current', 'page');
    await expect(page.getByText('Your address is 127.0.0.1.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Copy', exact: true })).toBeHidden();
    await page.getByRole('switch', { name: /recordings:\*$/ }).check();
    await page.getByRole('checkbox', { name: /users:impersonate$/ }).check();
    await expect(page.getByText(/Acts in the name of any agent/).locator('visible=true')).toHaveCount(1);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Saved.')).toBeVisible();
    await expect(page.getByRole('switch', { name: /recordings:\*$/ })).toBeChecked();
    await pages.getByRole('link', { name: 'Activity' }).click();
    await expect(page).toHaveURL(`${details}/activity`);
    await expect(page.getByRole('region', { name: 'History' })).toContainText('recordings:*');
    await expect(page.getByRole('region', { name: 'Secret', exact: true }).getByRole('row')).toHaveCount(2);
    expect(await page.content()).not.toContain(key);
  });
});

for (const theme of ['light', 'dark'] as const) {
  test(`the two pages of a key and its forms fit 320 pixels, in ${theme}`, async ({ ownServer, page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 320, height: 800 });
    const { details } = await openKey(page, ownServer);
    await page.getByRole('checkbox', { name: /users:impersonate$/ }).check();
    await page.getByRole('switch', { name: /keys:\*$/ }).check();
    await page.getByRole('button', { name: /^Use my address/ }).click();
    await expectAccessible(page);
    await expectToFit(page, 'the settings');
    await openTab(page, 'Activity');
    await expectAccessible(page);
    await expectToFit(page, 'the activity');
    await openTab(page, 'Settings');
    for (const name of ['Copy', 'Reveal', 'Disable', 'Save']) await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
    for (const name of ['Rotate', 'Hand over', 'Delete']) await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
    const id = details.split('/').at(-1)!;
    for (const dialog of ['?new&preset=crm&scope=users%3Aimpersonate', `?edit=${id}`]) {
      page.once('dialog', (question) => void question.accept());
      await page.goto(`${ownServer.url}/keys${dialog}`);
      await ready(page);
      if (dialog.startsWith('?edit')) await page.getByRole('dialog').getByText('Advanced').click();
      await expect(page.getByRole('textbox', { name: 'Notes' })).toBeVisible();
      await expectAccessible(page);
      const wide = await page.locator('dialog:modal').evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(wide, dialog).toBeLessThanOrEqual(0);
      await expectToFit(page, dialog);
    }
  });
}
