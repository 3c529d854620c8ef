import type { Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, expectToFit } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({ expectedComplaints: [/status of 410/] });

/** A hand-over link of a new key, on whose page this ends. */
async function unopenedLink(page: Page, server: Server): Promise<string> {
  await createKeys(server, 'Acme');
  await signIn(page, server);
  await page.goto(await detailsOf(server, 'Acme'));
  await page.getByRole('link', { name: 'Hand over' }).click();
  await page.getByRole('button', { name: 'Create hand-over link' }).click();
  return (await page.getByRole('region', { name: 'The hand-over link' }).locator('code').textContent())!.trim();
}

const codeOf = (link: string) => new URL(link).hash.slice(1);

test('a link hands a key over, once, and the administrator sees that', async ({ ownServer, page, browser }) => {
  const [key] = await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  const details = await detailsOf(ownServer, 'Acme');
  await page.goto(details);
  await ready(page);
  await page.getByRole('link', { name: 'Hand over' }).click();
  await page.getByRole('button', { name: 'Create hand-over link' }).click();
  const once = page.getByRole('region', { name: 'The hand-over link' });
  const link = (await once.locator('code').textContent())!.trim();
  expect(link).toMatch(new RegExp(`^${ownServer.url}/handover#[\\w-]{43}$`));
  await ready(page);
  await expectAccessible(page);
  const links = page.getByRole('region', { name: 'Hand over' });
  await expect(links.getByText('Not opened yet')).toBeVisible();

  // The link needs no account, and previews do not use it up.
  const stranger = await browser.newContext();
  const theirs = await stranger.newPage();
  for (const preview of [1, 2]) {
    const answer = await stranger.request.get(link);
    expect(answer.status(), `preview ${preview}`).toBe(200);
    expect(await answer.text()).not.toContain(key);
  }
  const asked: string[] = [];
  theirs.on('request', (request) => asked.push(request.url()));
  const answer = await theirs.goto(link);
  expect(answer!.headers()['referrer-policy']).toBe('no-referrer');
  await expect(theirs.getByRole('button', { name: 'Show the key' })).toBeVisible();
  await expect(theirs.getByText('Ada Lovelace of Contact centre has created an API key for you.')).toBeVisible();
  await expect(theirs).toHaveURL(`${ownServer.url}/handover`);
  expect(answer!.headers()['cache-control']).toBe('no-store');
  for (const colorScheme of ['light', 'dark'] as const) {
    await theirs.emulateMedia({ colorScheme });
    await expectAccessible(theirs);
  }
  await theirs.getByRole('button', { name: 'Show the key' }).click();
  await expect(theirs.getByText(key!, { exact: true })).toBeVisible();
  await expect(theirs.getByText('Ada Lovelace of Contact centre hands you the API key of Acme.')).toBeVisible();
  await expect(theirs.getByText('This Keydesk has no gateway')).toBeVisible();
  await expect(theirs.getByText(`curl -sS "${ownServer.url}/api/v1/whoami"`)).toBeVisible();
  await expect(theirs.getByText('600 calls a minute')).toBeVisible();
  await theirs.setViewportSize({ width: 320, height: 800 });
  await expectAccessible(theirs);
  const over = await theirs.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over).toBeLessThanOrEqual(0);
  expect(asked.filter((url) => !url.startsWith(ownServer.url))).toEqual([]);

  // Opened again, it looks like one that never existed.
  const words = [];
  for (const code of [codeOf(link), 'A'.repeat(43)]) {
    const again = await stranger.newPage();
    await again.goto(`${ownServer.url}/handover#${code}`);
    await expect(again.getByRole('heading', { name: "This link can't be opened" })).toBeVisible();
    words.push(await again.getByRole('main').textContent());
  }
  expect(words[0]).toContain('Ask whoever sent it to you for a new one');
  expect(words[1]).toBe(words[0]);
  // Browsers keep what is behind # to themselves.
  expect(asked.filter((url) => url.split('#')[0]!.includes(codeOf(link)))).toEqual([]);
  await stranger.close();

  await expect(links.getByText('Opened', { exact: true })).toBeVisible({ timeout: 20_000 });
  await page.goto(`${details}/activity`);
  await expect(page.getByRole('region', { name: 'History' })).toContainText('Hand-over link opened by whoever had the link');
  expect(await page.content()).not.toContain(link);
  expect(ownServer.output).not.toContain(codeOf(link));
});

test('a link that nobody has opened is withdrawn, and the key stays', async ({ ownServer, page }) => {
  const link = await unopenedLink(page, ownServer);
  await expectAccessible(page);
  await page.goto(`${await detailsOf(ownServer, 'Acme')}/activity`);
  await ready(page);
  const opener = page.getByRole('link', { name: 'Withdraw link' });
  const dialog = page.getByRole('alertdialog', { name: 'Withdraw hand-over link' });
  await opener.click();
  await expect(dialog).toContainText('Acme');
  await expectAccessible(page);
  await dialog.getByRole('link', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await opener.click();
  await dialog.getByRole('button', { name: 'Withdraw link' }).click();
  await expect(page.getByText('The hand-over link is withdrawn. It no longer works.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Hand over' }).getByText('Withdrawn', { exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: 'History' })).toContainText('Hand-over link withdrawn by Ada Lovelace');
  expect((await page.request.post(`${ownServer.url}/handover`, { form: { code: codeOf(link) } })).status()).toBe(410);
});

test('rotating withdraws a link that nobody has opened', async ({ ownServer, page }) => {
  const link = await unopenedLink(page, ownServer);
  await page.goto(await detailsOf(ownServer, 'Acme'));
  await page.getByRole('link', { name: 'Rotate' }).click();
  await page.getByRole('button', { name: 'Rotate key' }).click();
  await expect(page.getByRole('region', { name: 'Hand over' }).getByText('Withdrawn', { exact: true })).toBeVisible();
  expect((await page.request.post(`${ownServer.url}/handover`, { form: { code: codeOf(link) } })).status()).toBe(410);
});

test('without scripts the code of a link is pasted', async ({ ownServer, page, browser }) => {
  const link = await unopenedLink(page, ownServer);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(link);
  await plain.getByRole('textbox', { name: 'Link code' }).fill(link);
  await plain.getByRole('button', { name: 'Continue' }).click();
  await plain.getByRole('button', { name: 'Show the key' }).click();
  await expect(plain.getByText('It is shown only once')).toBeVisible();
  await context.close();
});

test('the page of a link says what restricts the key', async ({ ownServer, page, browser }) => {
  const restricted = ['--client-name', 'Acme', '--preset', 'quality-assurance', '--allow-ip', '192.0.2.0/24', '--expires-at', '2030-12-31',
    '--quota', 'daily=1000/day', '--contact-centre', 'recordings=500MB/day'];
  await ownServer.cli('key', 'create', ...restricted);
  await signIn(page, ownServer);
  await page.goto(`${await detailsOf(ownServer, 'Acme')}?open=hand-over`);
  await expect(page.getByText(/It names you and your organisation, says what restricts the key/)).toBeVisible();
  await page.getByRole('button', { name: 'Create hand-over link' }).click();
  const link = (await page.getByRole('region', { name: 'The hand-over link' }).locator('code').textContent())!.trim();
  const context = await browser.newContext({ timezoneId: 'Europe/Zurich' });
  const theirs = await context.newPage();
  await theirs.goto(link);
  await theirs.getByRole('button', { name: 'Show the key' }).click();
  for (const words of ['192.0.2.0/24', '1 Jan 2031', '300 calls a minute', '1,000 calls a day', '500MB of recordings a day', 'recordings:read']) {
    await expect(theirs.getByText(words).first()).toBeVisible();
  }
  for (const width of [1280, 320]) {
    await theirs.setViewportSize({ width, height: 800 });
    await expectAccessible(theirs);
    await expectToFit(theirs, `the page of a link at ${width} pixels`);
  }
  await context.close();
});
