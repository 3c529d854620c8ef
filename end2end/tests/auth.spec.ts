import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createPerson, OWNER, signIn, VIEWER, type Person } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

// The browser's console reports a refused call as an error of the network.
const REFUSED = /Failed to load resource.*status of (401|410|422|429)/;

async function fillSignIn(page: Page, { email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.getByRole('textbox', { name: 'Email' }).fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
}

/** The set-up link that the server prints; it may answer calls a moment before that. */
async function setUpLink(server: Server): Promise<string> {
  const link = () => /http:\/\/\S+\/setup#[\w-]+/.exec(server.output)?.[0];
  await expect.poll(link).toBeDefined();
  return link()!;
}

function personMenu(page: Page, person: Person = OWNER) {
  return page.getByRole('banner').getByRole('button', { name: person.name });
}

async function signOut(page: Page): Promise<void> {
  await personMenu(page).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/login');
}

test.describe('first start', () => {
  test.use({ expectedComplaints: [REFUSED] });

  test('the set-up link makes the first owner, once', async ({ ownServer, page, browser }) => {
    const link = await setUpLink(ownServer);
    expect(await ownServer.cli('doctor')).toContain(new URL(link).hash);

    await page.goto(link);
    await page.getByRole('textbox', { name: 'Name' }).fill(OWNER.name);
    await expect(page).toHaveURL(`${ownServer.url}/setup`);
    await fillSignIn(page, { email: 'ada@example', password: OWNER.password });
    await page.getByRole('button', { name: 'Create owner' }).click();
    await expect(page.getByText('Enter an email address such as name@example.com.')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Email' })).toBeFocused();
    // What was typed is still there.
    await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue(OWNER.name);
    await fillSignIn(page, OWNER);
    await page.getByRole('button', { name: 'Create owner' }).click();
    await page.waitForURL('**/keys');
    await expect(personMenu(page)).toBeVisible();
    await expect(page.getByRole('banner')).toContainText('Contact centre');

    const other = await browser.newPage();
    await other.goto(link);
    await expect(other.getByRole('heading', { name: 'This set-up link is not valid' })).toBeVisible();
    await other.close();
    expect(await ownServer.cli('doctor')).not.toContain('/setup#');
    await ownServer.restart();
    expect(ownServer.output.match(/\/setup#/g)).toHaveLength(1);
  });

  test('a forged link is refused', async ({ ownServer, page }) => {
    await page.goto(`${ownServer.url}/setup#${'A'.repeat(43)}`);
    await expect(page.getByRole('heading', { name: 'This set-up link is not valid' })).toBeVisible();
  });

  test('without scripts the link works too', async ({ ownServer, browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    const link = await setUpLink(ownServer);
    await page.goto(link);
    await page.getByRole('textbox', { name: 'Link code' }).fill(new URL(link).hash.slice(1));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill(OWNER.name);
    await fillSignIn(page, { email: 'ada@example', password: OWNER.password });
    await page.getByRole('button', { name: 'Create owner' }).click();
    await expect(page.getByText('Enter an email address such as name@example.com.')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue(OWNER.name);
    await fillSignIn(page, OWNER);
    await page.getByRole('button', { name: 'Create owner' }).click();
    await page.waitForURL('**/keys');
    await expect(personMenu(page)).toBeVisible();
    await context.close();
  });
});

test.describe('signing in', () => {
  test.use({ expectedComplaints: [REFUSED] });

  test('a page of the Workspace asks to sign in, and comes back', async ({ server, page, context }) => {
    await createPerson(server);
    await page.goto(`${server.url}/keys?search=a%20%26%20b`);
    await expect(page).toHaveURL(`${server.url}/login?next=/keys%3Fsearch%3Da%2520%2526%2520b`);
    await ready(page);
    await expect(page.getByRole('navigation', { name: 'Workspace' })).toHaveCount(0);
    await fillSignIn(page, OWNER);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${server.url}/keys?search=a%20%26%20b`);

    const navigation = page.getByRole('navigation', { name: 'Workspace' });
    await expect(navigation.getByRole('group', { name: 'Administration' }).getByRole('link')).toHaveText(['API Keys', 'Usage', 'Clients', 'Audit Log', 'Webhooks', 'Administrators', 'Settings']);
    await expect(navigation.getByRole('link', { name: 'API Keys' })).toHaveAttribute('aria-current', 'page');
    await expect(navigation.getByRole('link', { name: 'Integration Documentation' })).toHaveAttribute('href', '/docs');
    const cookie = (await context.cookies()).find(({ name }) => /^keydesk-[0-9a-f]{8}$/.test(name));
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false, path: '/' });
    const device = (await context.cookies()).find(({ name }) => name.startsWith('keydesk-device-'));
    expect(device).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false, path: '/' });
    expect(await page.evaluate(() => document.cookie)).not.toContain('keydesk');

    // A person who is signed in needs no form.
    await page.goto(`${server.url}/login?next=/`);
    await expect(page).toHaveURL(`${server.url}/`);
  });

  test('no link leads to another site after signing in', async ({ server, page }) => {
    await createPerson(server);
    await page.goto(`${server.url}/login?next=//evil.example/keys`);
    await ready(page);
    await fillSignIn(page, OWNER);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${server.url}/keys`);
  });

  test('a wrong password is reported, and the typed text stays', async ({ server, page }) => {
    await createPerson(server);
    await page.goto(`${server.url}/login`);
    await ready(page);
    await fillSignIn(page, { ...OWNER, password: 'wrong password' });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toHaveText('The email or the password is not right.');
    await expect(page.getByRole('textbox', { name: 'Email' })).toHaveValue(OWNER.email);
    await expect(page.getByRole('textbox', { name: 'Password' })).toBeFocused();
    await expect(page).toHaveURL(`${server.url}/login`);
    await page.keyboard.type(OWNER.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/keys');
  });

  test('guessing is slowed down, and says for how long', async ({ ownServer, page }) => {
    await page.goto(`${ownServer.url}/login`);
    await ready(page);
    await fillSignIn(page, { email: 'nobody@example.com', password: 'wrong password' });
    await expect(async () => {
      const answered = page.waitForResponse((response) => response.url().endsWith('/sign_in'));
      await page.getByRole('button', { name: 'Sign in' }).click();
      await answered;
      await expect(page.getByRole('alert')).toHaveText(/^Too many attempts\. Please wait \d+ seconds and try again\.$/, {
        timeout: 200,
      });
    }).toPass();
  });

  test('signing out ends the session on the server', async ({ server, page, context }) => {
    await signIn(page, server);
    await page.goto(`${server.url}/keys`);
    await ready(page);
    const cookies = await context.cookies();
    await signOut(page);
    await page.goto(`${server.url}/keys`);
    await expect(page).toHaveURL(`${server.url}/login?next=/keys`);
    // A copy of the cookie no longer works.
    await context.addCookies(cookies);
    await page.goto(`${server.url}/keys`);
    await expect(page).toHaveURL(`${server.url}/login?next=/keys`);
  });

  test('another person in the same browser sees their own name', async ({ server, page }) => {
    await signIn(page, server);
    await signIn(page, server, VIEWER);
    await page.goto(`${server.url}/keys`);
    await personMenu(page, VIEWER).click();
    await expect(page.getByText(VIEWER.email)).toBeVisible();
    await expect(page.getByText('Viewer', { exact: true })).toBeVisible();
  });

  test('the keyboard is enough', async ({ server, page }) => {
    await createPerson(server);
    await page.goto(`${server.url}/login`);
    await ready(page);
    const reach = async (name: string) => {
      await expect(async () => {
        await page.keyboard.press('Tab');
        const focused = page.locator(':focus');
        expect((await focused.getAttribute('id')) ?? (await focused.textContent())).toContain(name);
      }).toPass();
    };
    await reach('email');
    await page.keyboard.type(OWNER.email);
    await reach('password');
    await page.keyboard.type(OWNER.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/keys');
    await ready(page);

    await personMenu(page).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitemradio', { name: 'System' })).toBeFocused();
    await page.keyboard.press('ArrowUp');
    await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(personMenu(page)).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitemradio', { name: 'System' })).toBeFocused();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/login');
  });
});

test('without scripts, signing in and out are plain forms', async ({ server, browser }) => {
  await createPerson(server);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${server.url}/keys`);
  await fillSignIn(page, { ...OWNER, password: 'wrong password' });
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('The email or the password is not right.');
  await fillSignIn(page, OWNER);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`${server.url}/keys`);
  await personMenu(page).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await signOut(page);
  await context.close();
});

test('the theme that was chosen is in the first byte of every page', async ({ server, page }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/keys`);
  await ready(page);
  for (const [name, theme] of [
    ['Dark', 'dark'],
    ['Light', 'light'],
  ] as const) {
    const kept = page.waitForResponse((response) => response.url().endsWith('/choose_theme'));
    await personMenu(page).click();
    await page.getByRole('menuitemradio', { name }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await kept;
    const html = await (await page.reload())!.text();
    expect(html).toMatch(new RegExp(`^<!DOCTYPE html><html lang="en" data-theme="${theme}"`, 'i'));
    await ready(page);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
  }
});

test('on a narrow screen the navigation opens from the banner', async ({ server, page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await signIn(page, server);
  await page.goto(`${server.url}/keys`);
  await ready(page);
  const navigation = page.getByRole('navigation', { name: 'Workspace' });
  await expect(navigation).toBeHidden();
  await page.getByRole('button', { name: 'Navigation' }).click();
  await expect(navigation.getByRole('link', { name: 'API Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(navigation).toBeHidden();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme, expectedComplaints: [REFUSED] });

    test('axe finds nothing on the auth pages', async ({ ownServer, page }) => {
      await page.goto(await setUpLink(ownServer));
      await expect(page.getByRole('button', { name: 'Create owner' })).toBeVisible();
      await ready(page);
      await expectAccessible(page);
      await page.goto(`${ownServer.url}/login`);
      await ready(page);
      await expectAccessible(page);
      await fillSignIn(page, { email: 'nobody@example.com', password: 'wrong password' });
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByRole('alert')).not.toBeEmpty();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Theme' }).click();
      await expectAccessible(page);
      for (const path of ['/setup', '/handover', '/invite', '/reset']) {
        await page.goto(`${ownServer.url}${path}`);
        await ready(page);
        await expectAccessible(page);
      }
      await page.goto(`${ownServer.url}/invite#none`);
      await expect(page.getByRole('heading', { name: "This link can't be opened" })).toBeVisible();
      await expectAccessible(page);
    });

    test('axe finds nothing in the frame', async ({ server, page }) => {
      await signIn(page, server);
      await page.goto(server.url);
      await ready(page);
      await expectAccessible(page);
      await personMenu(page).click();
      await expectAccessible(page);
      await page.setViewportSize({ width: 320, height: 640 });
      await page.getByRole('button', { name: 'Navigation' }).click();
      await expectAccessible(page);
    });
  });
}
