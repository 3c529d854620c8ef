import { hiddenStops } from '../lib/focus.ts';
import { createKeys, detailsOf, dialogAddresses, openKeys, row } from '../lib/keys.ts';
import { OWNER, signIn, type Person } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const BO: Person = { ...OWNER, name: 'Bo Peep', email: 'bo@example.com' };
const THROW_AWAY = 'Throw away what you typed?';

test('Escape asks before it throws away what was typed, and Cancel means it', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme');
  await openKeys(page, ownServer);
  const { keyboard } = page;
  const sure = page.getByRole('alertdialog', { name: THROW_AWAY });
  const edit = async () => {
    await row(page, 'Acme').hover();
    await row(page, 'Acme').getByRole('button', { name: 'Edit Acme' }).click();
  };
  const ways: [string, () => Promise<void>][] = [
    ['Add API key', () => page.getByRole('button', { name: 'Add API key' }).click()],
    ['Edit API key', edit],
  ];
  for (const [title, open] of ways) {
    await open();
    const dialog = page.getByRole('dialog', { name: title });
    const name = dialog.getByRole('textbox', { name: 'Client Name' });
    await expect(name).toBeFocused();
    // Nothing was typed, so nothing is asked.
    await keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await open();
    await expect(name).toBeFocused();
    await keyboard.type(' and more');
    const typed = await name.inputValue();
    // Escape keeps asking and keeping, however often it is pressed.
    for (let time = 0; time < 6; time++) {
      await keyboard.press('Escape');
      await expect(sure).toBeVisible({ visible: time % 2 === 0 });
      await expect(dialog).toBeVisible();
    }
    await expect(name).toBeFocused();
    await expect(name).toHaveValue(typed);
    await keyboard.press('Escape');
    await sure.getByRole('button', { name: 'Keep editing' }).click();
    await expect(name).toBeFocused();
    // Taken back by hand: nothing is lost.
    for (let letter = 0; letter < ' and more'.length; letter++) await keyboard.press('Backspace');
    await keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await open();
    await expect(name).toBeFocused();
    await keyboard.type('x');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await open();
    await expect(name).toBeFocused();
    await keyboard.type('x');
    await keyboard.press('Escape');
    await sure.getByRole('button', { name: 'Throw away' }).click();
    await expect(dialog).toBeHidden();
    await expect(sure).toBeHidden();
  }
  // The command that is looked for is no form.
  await keyboard.press('Control+k');
  await keyboard.type('sort');
  await keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Commands' })).toBeHidden();
});

test('a choice and a tick are drafts too', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  const add = page.getByRole('dialog', { name: 'Add API key' });
  const sure = page.getByRole('alertdialog', { name: THROW_AWAY });
  const fill = [
    () => add.getByRole('radio', { name: 'Live widget' }).check(),
    () => add.getByRole('combobox', { name: 'Environment' }).selectOption('test'),
    () => add.getByRole('textbox', { name: 'Notes' }).fill('a'),
  ];
  for (const change of fill) {
    await page.keyboard.press('n');
    await add.getByText('Advanced').click();
    await change();
    await page.keyboard.press('Escape');
    await sure.getByRole('button', { name: 'Throw away' }).click();
    await expect(add).toBeHidden();
  }
});

test('the key that is pressed when a dialog has closed is not lost', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  const { keyboard } = page;
  const palette = page.getByRole('dialog', { name: 'Commands' });
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await keyboard.press('?');
  for (let time = 0; time < 40; time++) {
    await keyboard.press('Escape');
    await keyboard.press('Control+k');
    await expect(palette).toBeVisible();
    await keyboard.press('Escape');
    await keyboard.press('?');
    await expect(help).toBeVisible();
  }
});

test('the focus goes back to where the person was', async ({ ownServer, page }) => {
  await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  const { keyboard } = page;
  const opened = page.locator('dialog:modal');
  const add = page.getByRole('button', { name: 'Add API key' });
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  const name = page.getByRole('gridcell', { name: 'Borealis', exact: true });
  for (const [place, press] of [[add, 'Enter'], [add, '?'], [search, 'Control+k'], [name, 'Enter'], [name, 'n'], [name, 'Control+k']] as const) {
    await place.focus();
    await keyboard.press(press);
    await expect(opened).toHaveCount(1);
    await keyboard.press('Escape');
    await expect(opened).toHaveCount(0);
    await expect(place).toBeFocused();
  }
  const menu = page.getByRole('button', { name: 'Ada Lovelace' });
  await menu.click();
  await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).click();
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await keyboard.press('Escape');
  await expect(menu).toBeFocused();
});

test('single-letter shortcuts can be switched off, for good and on again', async ({ ownServer, page }) => {
  await openKeys(page, ownServer);
  const { keyboard } = page;
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  const letters = help.getByRole('switch', { name: 'Single-letter shortcuts' });
  await keyboard.press('?');
  await letters.uncheck();
  await keyboard.press('Escape');
  const nothing = async () => {
    for (const letter of ['n', '?', '/']) await keyboard.press(letter);
    await expect(page.locator('dialog:modal')).toHaveCount(0);
    await expect(page.getByRole('searchbox', { name: 'Quick Search' })).not.toBeFocused();
    await expect(page.locator('[aria-keyshortcuts]:not([aria-keyshortcuts="F8"])')).toHaveCount(0);
  };
  await nothing();
  await openKeys(page, ownServer);
  await nothing();
  await keyboard.press('Control+k');
  await keyboard.type('keyboard');
  await keyboard.press('Enter');
  await expect(letters).not.toBeChecked();
  await letters.check();
  await keyboard.press('Escape');
  await keyboard.press('n');
  await expect(page.getByRole('dialog', { name: 'Add API key' })).toBeVisible();
});

for (const size of [{ width: 1280, height: 800 }, { width: 320, height: 256 }]) {
  test(`whoever tabs through a dialog sees what has the focus, ${size.width} by ${size.height}`, async ({ ownServer, page }) => {
    await page.setViewportSize(size);
    await createKeys(ownServer, 'Acme');
    await openKeys(page, ownServer);
    const { keyboard } = page;
    const found: string[] = [];
    const walk = async (title: string) => found.push(...(await hiddenStops(page, title)));
    const unfold = async () => {
      await page.locator('dialog:modal summary').first().click();
      await expect(page.getByRole('textbox', { name: 'Notes' })).toBeAttached();
    };
    const acme = page.getByRole('gridcell', { name: 'Acme', exact: true });
    await keyboard.press('n');
    await unfold();
    await walk('Add');
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await acme.focus();
    await keyboard.press('Enter');
    await unfold();
    await walk('Edit');
    await page.getByRole('textbox', { name: 'Client Name' }).fill('Other');
    await keyboard.press('Escape');
    await walk('Throw away');
    await page.getByRole('button', { name: 'Throw away' }).press('Enter');
    await page.goto(`${page.url()}?shortcuts`);
    await walk('Shortcuts');
    await keyboard.press('Escape');
    await keyboard.press('Control+k');
    await walk('Commands');
    expect(found).toEqual([]);
  });

  test(`whoever tabs through what stops a key sees what has the focus, ${size.width} by ${size.height}`, async ({ ownServer, page }) => {
    await page.setViewportSize(size);
    await createKeys(ownServer, 'Acme');
    await openKeys(page, ownServer);
    const details = await detailsOf(ownServer, 'Acme');
    const found: string[] = [];
    const walk = async (title: string) => found.push(...(await hiddenStops(page, title)));
    for (const what of ['Disable', 'Delete']) {
      await row(page, 'Acme').getByRole('button', { name: 'More actions for Acme' }).press('Enter');
      await page.getByRole('menuitem', { name: what }).press('Enter');
      await expect(page.getByRole('alertdialog', { name: `${what} API keys` }).getByText('Last used')).toBeAttached();
      await walk(what);
      await page.keyboard.press('Escape');
    }
    for (const address of await dialogAddresses(page, ownServer, details)) {
      await page.goto(address);
      await ready(page);
      await expect(page.locator('dialog:modal')).toBeVisible();
      await walk(address);
    }
    expect(found).toEqual([]);
  });

  test.describe('when the session is over', () => {
    test.use({ expectedComplaints: [/Failed to load resource/] });

    test(`whoever tabs through what asks to sign in sees what has the focus, ${size.width} by ${size.height}`, async ({ ownServer, page }) => {
      await page.setViewportSize(size);
      await createKeys(ownServer, 'Acme');
      await ownServer.cli('installation', 'create', 'other', '--title', 'Other Centre');
      await openKeys(page, ownServer);
      const found: string[] = [];
      const ask = () => row(page, 'Acme').getByRole('button', { name: 'Reveal' }).press('Enter');
      await page.context().clearCookies();
      await ask();
      await expect(page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();
      found.push(...(await hiddenStops(page, 'Sign in again')));
      await openKeys(page, ownServer);
      await signIn(page, ownServer, BO, 'other');
      await ask();
      await expect(page.getByRole('dialog', { name: 'Somebody else is signed in' })).toBeVisible();
      found.push(...(await hiddenStops(page, 'Somebody else')));
      expect(found).toEqual([]);
    });
  });
}
