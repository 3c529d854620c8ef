import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { OWNER, signIn, VIEWER, type Person } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

const GRACE: Person = { name: 'Grace Hopper', email: 'grace@example.com', password: 'another horse battery', role: 'manager' };

async function open(page: Page, server: Server): Promise<void> {
  await page.goto(`${server.url}/administrators`);
  await ready(page);
}

const entry = (page: Page) => page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Administrators' });
const rowOf = (page: Page, person: Person) => page.getByRole('row').filter({ hasText: person.email });

/** Invites somebody through the page, and returns the link that it shows. */
async function invite(page: Page, person: Person): Promise<string> {
  await page.getByRole('link', { name: 'Invite' }).click();
  await ready(page);
  await page.getByRole('textbox', { name: 'Email' }).fill(person.email);
  await page.getByRole('textbox', { name: 'Name' }).fill(person.name);
  await page.getByRole('combobox', { name: 'Role' }).selectOption(person.role);
  await page.getByRole('button', { name: 'Make the link' }).click();
  await expect(page.getByRole('heading', { name: 'The link of the invitation' })).toBeVisible();
  await ready(page);
  return (await page.locator('#account-link').textContent()) ?? '';
}

test('an owner invites somebody, who accepts, and decides what they may do until they are removed', async ({ ownServer: server, page, browser }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/keys`);
  await entry(page).click();
  await ready(page);
  await expect(page).toHaveTitle('Administrators · Keydesk');
  await expect(rowOf(page, OWNER)).toContainText('(you)');
  await expectAccessible(page);

  const link = await invite(page, GRACE);
  expect(link).toMatch(new RegExp(`^${server.url}/invite#[\\w-]{43}$`));
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Copy link' }).first().click();
  await expect(page.locator('#account-link-copied')).not.toBeEmpty();
  await expect(rowOf(page, GRACE)).toContainText('Invited');
  await open(page, server);
  await expect(page.getByText(link)).toHaveCount(0);

  const theirs = await browser.newContext();
  const other = await theirs.newPage();
  await other.goto(link);
  await other.getByRole('textbox', { name: 'Password' }).fill(GRACE.password);
  await other.getByRole('button', { name: 'Create account' }).click();
  await other.waitForURL('**/keys');
  await expect(entry(other)).toHaveCount(0);

  await open(page, server);
  await expect(rowOf(page, GRACE)).toContainText('Active');
  await rowOf(page, GRACE).getByRole('link', { name: GRACE.name }).click();
  await ready(page);
  await expectAccessible(page);
  await page.getByRole('combobox', { name: 'Role' }).selectOption('viewer');
  await page.getByRole('button', { name: 'Save role' }).click();
  await expect(page.getByText('Saved. The next request is made with this role.')).toBeVisible();
  await other.goto(`${server.url}/webhooks`);
  await expect(other.getByText('Not available')).toBeVisible();

  await page.getByRole('button', { name: 'End sessions' }).click();
  await expect(page.getByText('All sessions have ended.')).toBeVisible();
  await other.goto(`${server.url}/keys`);
  await expect(other).toHaveURL(/\/login/);

  // A dialog asks, and leaves everything as it was.
  await page.getByRole('link', { name: 'Disable' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Disable administrator' });
  await expect(dialog.getByRole('link', { name: 'Cancel' })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('link', { name: 'Disable' })).toBeFocused();
  await page.getByRole('link', { name: 'Disable' }).click();
  await dialog.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('Disabled. They are signed out everywhere.')).toBeVisible();
  await ready(page);
  await expect(page.getByRole('button', { name: 'Enable' })).toBeFocused();
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByText('Enabled. They can sign in again.')).toBeVisible();

  await page.getByRole('button', { name: 'Make a link' }).click();
  await expect(page.getByRole('heading', { name: 'The link for a new password' })).toBeVisible();
  await ready(page);
  await page.getByRole('button', { name: 'Copy link' }).first().click();
  await rowOf(page, GRACE).getByRole('link', { name: GRACE.name }).click();
  await ready(page);
  await page.getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('alertdialog', { name: 'Remove administrator' }).getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Removed.')).toBeVisible();
  await expect(rowOf(page, GRACE)).toHaveCount(0);
  await theirs.close();
});

test.describe('what is refused', () => {
  test.use({ expectedComplaints: [/Failed to load resource.*status of (403|404|409|422)/] });

  test('the last owner stays, and others see no people', async ({ ownServer: server, page, browser }) => {
    await signIn(page, server);
    await open(page, server);
    await rowOf(page, OWNER).getByRole('link', { name: OWNER.name }).click();
    await ready(page);
    await page.getByRole('link', { name: 'Remove' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'Remove administrator' });
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await expect(dialog.getByRole('alert')).toContainText('This is the last owner who can sign in.');

    const theirs = await browser.newContext();
    const other = await theirs.newPage();
    await signIn(other, server, VIEWER);
    await other.goto(`${server.url}/keys`);
    await expect(entry(other)).toHaveCount(0);
    await other.goto(`${server.url}/administrators`);
    await expect(other.getByText('Your role does not allow this.')).toBeVisible();
    await theirs.close();
  });

  test('without scripts an invitation is refused beside its field, made and withdrawn', async ({ ownServer: server, browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, server);
    await page.goto(`${server.url}/administrators?invite`);
    await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
    await page.getByRole('textbox', { name: 'Name' }).fill('Ada again');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await expect(page.getByRole('textbox', { name: 'Email' })).toHaveAccessibleDescription('An administrator with this email address exists.');
    await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue('Ada again');
    await page.getByRole('textbox', { name: 'Email' }).fill(GRACE.email);
    await page.getByRole('button', { name: 'Make the link' }).click();
    await expect(page.locator('#account-link')).toHaveText(/\/invite#/);
    await rowOf(page, GRACE).getByRole('link').click();
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await expect(page.getByText('The invitation is withdrawn.')).toBeVisible();
    await context.close();
  });
});
