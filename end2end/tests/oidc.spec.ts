import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, row } from '../lib/keys.ts';
import { createPerson, OWNER } from '../lib/person.ts';
import { forgetProofs } from '../lib/proof.ts';
import { Organisation, signInThere } from '../lib/provider.ts';
import { expect, ready, test as base } from '../lib/test.ts';

interface Own {
  /** Further lines of `[oidc]`. */
  more: string;
  organisation: Organisation;
}

const test = base.extend<Own>({
  more: ['', { option: true }],
  organisation: async ({ context, more }, use) => {
    const organisation = await Organisation.start(more);
    // The provider's own pages ask for a font of another site.
    await context.route('https://fonts.googleapis.com/**', (route) => route.fulfill({ contentType: 'text/css', body: '' }));
    await use(organisation);
    await Promise.all(context.pages().map((page) => page.close()));
    await organisation.stop();
  },
});

// The provider has no icon, and refusals have their status.
test.use({ permissions: ['clipboard-read', 'clipboard-write'], expectedComplaints: [/favicon|status of (401|403)|ERR_FAILED/] });

const ADA = { email: 'ada@example.com', name: 'Ada Byron', groups: ['staff', 'desk-managers'] };

function button(page: Page | Locator) {
  return page.getByRole('button', { name: 'Continue with Example' });
}

/** Signs in again in the tab that a page opens, where the organisation asks anew; and closes it. */
async function signInElsewhere(page: Page, opener: Locator, login: string): Promise<void> {
  const opened = page.context().waitForEvent('page');
  await opener.click();
  const other = await opened;
  await other.getByPlaceholder('Enter any login').fill(login);
  await other.getByPlaceholder('and password').fill('any');
  await other.getByRole('button', { name: 'Sign-in' }).click();
  const [keys, consent] = [other.getByRole('heading', { name: 'API Keys', exact: true }), other.getByRole('button', { name: 'Continue', exact: true })];
  await expect(keys.or(consent)).toBeVisible();
  if (await consent.isVisible()) await consent.click();
  await expect(keys).toBeVisible();
  await other.close();
}

test('somebody signs in at their organisation and lands where they wanted to go', async ({ organisation, page }) => {
  organisation.people.set('ada', ADA);
  await page.goto(`${organisation.server.url}/keys?search=acme`);
  await ready(page);
  await expect(page.getByRole('textbox', { name: 'Password' })).toBeVisible();
  await expectAccessible(page);
  await button(page).click();
  await signInThere(page, 'ada');
  await expect(page.getByRole('heading', { name: 'API Keys', exact: true })).toBeVisible();
  expect(new URL(page.url()).search).toBe('?search=acme');
  await ready(page);
  await expect(page.getByRole('button', { name: /Ada Byron/ })).toBeVisible();
  // What a manager may do, and no more.
  await expect(page.getByRole('button', { name: 'Add API key' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  // Nothing of the sign-in stays in the browser but the session.
  const names = (await page.context().cookies(organisation.server.url)).map((cookie) => cookie.name);
  expect(names.filter((name) => name.includes('sign-on'))).toEqual([]);
  expect(organisation.server.output).not.toContain('ada@example.com');
});

test('the role is the one that the organisation says at each sign-in', async ({ organisation, page }) => {
  organisation.people.set('ada', { ...ADA, groups: ['desk-owners'] });
  await createPerson(organisation.server, { ...OWNER, email: 'other@example.com' });
  const enter = async (): Promise<void> => {
    await page.goto(`${organisation.server.url}/login`);
    await button(page).click();
  };
  await enter();
  await signInThere(page, 'ada');
  await expect(page.getByRole('link', { name: 'Settings' })).toBeVisible();
  organisation.people.set('ada', { ...ADA, groups: ['desk-viewers'] });
  await page.request.post(`${organisation.server.url}/signout`, { headers: { origin: organisation.server.url } });
  await page.context().clearCookies({ name: /^keydesk-[0-9a-f]+$/ });
  // The organisation still knows who they are, and asks nothing.
  await enter();
  await expect(page.getByRole('heading', { name: 'API Keys', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add API key' })).toHaveCount(0);
});

test('whoever has no role is told so, and is not signed in', async ({ organisation, page }) => {
  organisation.people.set('eve', { ...ADA, email: 'eve@example.com', groups: ['staff'] });
  organisation.people.set('mallory', { ...ADA, email: 'ada@example.com', verified: false, groups: ['desk-owners'] });
  for (const [login, words] of [['eve', 'gives you no role in Keydesk'], ['mallory', 'does not confirm your email address']] as const) {
    await page.context().clearCookies();
    await page.goto(`${organisation.server.url}/login`);
    await ready(page);
    await button(page).click();
    await signInThere(page, login);
    await expect(page.getByRole('alert')).toContainText(words);
    await ready(page);
    await expectAccessible(page);
    await page.goto(`${organisation.server.url}/keys`);
    await expect(page).toHaveURL(/\/login\?next=/);
  }
});

test('an answer that was begun in another browser signs nobody in', async ({ organisation, page, browser }) => {
  organisation.people.set('ada', ADA);
  const callback = /\/login\/oidc\/callback/;
  let answer = '';
  page.on('request', (request) => {
    if (callback.test(request.url())) answer = request.url();
  });
  await page.goto(`${organisation.server.url}/login`);
  await button(page).click();
  await expect(page.getByPlaceholder('Enter any login')).toBeVisible();
  // So the answer is not used up here.
  await page.context().clearCookies({ name: /sign-on/ });
  await signInThere(page, 'ada');
  await expect(page.getByRole('alert')).toContainText('was begun elsewhere');
  expect(answer).toMatch(callback);
  const victim = await (await browser.newContext()).newPage();
  await victim.goto(answer);
  await expect(victim.getByRole('alert')).toContainText('was begun elsewhere');
  await victim.goto(`${organisation.server.url}/keys`);
  await expect(victim).toHaveURL(/\/login\?next=/);
  await victim.context().close();
});

test('whoever has no password confirms that it is them by signing in again, in another tab', async ({ organisation, page }) => {
  organisation.people.set('ada', ADA);
  const { server } = organisation;
  const [acme] = await createKeys(server, 'Acme');
  await page.goto(`${server.url}/keys`);
  await button(page).click();
  await signInThere(page, 'ada');
  await ready(page);
  await forgetProofs(server);
  await row(page, 'Acme').hover();
  await row(page, 'Acme').getByRole('button', { name: 'Reveal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Confirm it is you' });
  const there = dialog.getByRole('button', { name: 'I have signed in there' });
  await expect(there).toBeVisible();
  await expect(dialog.getByRole('textbox')).toHaveCount(0);
  await expectAccessible(page);
  await there.click();
  await expect(dialog.getByRole('alert')).toHaveText('Confirm that it is you to do this.');
  await signInElsewhere(page, button(dialog), 'ada');
  await there.click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText(acme!)).toBeVisible();

  // On the page of the key nothing that is typed is lost.
  await page.getByRole('link', { name: 'Acme', exact: true }).click();
  await ready(page);
  await page.getByRole('textbox', { name: 'Client Name' }).fill('Acme Airlines');
  await forgetProofs(server);
  await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
  await expect(there).toBeVisible();
  await signInElsewhere(page, button(dialog), 'ada');
  await there.click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText('Copied')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Client Name' })).toHaveValue('Acme Airlines');
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the way there and back is made of plain pages', async ({ organisation, page }) => {
    organisation.people.set('ada', ADA);
    await page.goto(`${organisation.server.url}/keys`);
    await button(page).click();
    await signInThere(page, 'ada');
    await expect(page.getByRole('heading', { name: 'API Keys', exact: true })).toBeVisible();
    await expect(page).toHaveURL(`${organisation.server.url}/keys`);
  });
});

test.describe('where passwords are off', () => {
  test.use({ more: 'passwords = false' });

  test('no form asks for one, none is taken, and the operator can still let an owner in', async ({ organisation, page }) => {
    const { server } = organisation;
    await createPerson(server);
    await page.goto(`${server.url}/login`);
    await ready(page);
    await expect(button(page)).toBeVisible();
    await expect(page.getByRole('textbox')).toHaveCount(0);
    await expectAccessible(page);
    const posted = await page.request.post(`${server.url}/login`, {
      form: { email: OWNER.email, password: OWNER.password },
      headers: { origin: server.url },
      maxRedirects: 0,
    });
    expect(posted.headers().location).toBe('/login?next=/keys&refused=passwords_off');
    expect(posted.headers()['set-cookie']).toBeUndefined();
    await page.goto(server.url + posted.headers().location);
    await expect(page.getByRole('alert')).toContainText('Passwords are switched off here');
    const { link } = JSON.parse(await server.cli('admin', 'reset-password', '--email', OWNER.email, '--json')) as { link: string };
    await page.goto(server.url + link.slice(new URL(link).origin.length));
    await page.getByLabel('Password').fill('another horse battery');
    await page.getByRole('button', { name: 'Set password' }).click();
    await expect(page.getByRole('heading', { name: 'API Keys', exact: true })).toBeVisible();
  });

  test('an invitation leads to the organisation', async ({ organisation, page }) => {
    const { server } = organisation;
    organisation.people.set('grace', { email: 'grace@example.com', name: 'Grace', groups: ['desk-viewers'] });
    const invite = ['admin', 'invite', '--email', 'grace@example.com', '--name', 'Admiral Hopper', '--role', 'manager', '--json'];
    const { link } = JSON.parse(await server.cli(...invite)) as { link: string };
    await page.goto(server.url + link.slice(new URL(link).origin.length));
    await expect(page.getByText('You are invited as grace@example.com')).toBeVisible();
    await expect(page.getByRole('textbox')).toHaveCount(0);
    await button(page).click();
    await signInThere(page, 'grace');
    await expect(page.getByRole('button', { name: /Admiral Hopper/ })).toBeVisible();
  });

  test('a session that ends on the list goes on after a sign-in in another tab', async ({ organisation, page }) => {
    organisation.people.set('ada', ADA);
    const { server } = organisation;
    await page.goto(`${server.url}/keys`);
    await button(page).click();
    await signInThere(page, 'ada');
    await ready(page);
    await server.cli('admin', 'end-sessions', '--email', ADA.email);
    await page.getByRole('searchbox', { name: 'Quick Search' }).fill('acme');
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await expect(dialog).toBeVisible();
    const opened = page.context().waitForEvent('page');
    await button(page).click();
    const other = await opened;
    await expect(other.getByRole('heading', { name: 'API Keys', exact: true })).toBeVisible();
    await other.close();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'No API keys match "acme"' })).toBeVisible();
  });
});
