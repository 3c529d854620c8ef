import { createKeys, row } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

test('two Keydesks on one machine keep each other\'s people signed in', async ({ server, ownServer, page, context }) => {
  await createKeys(server, 'Here');
  await createKeys(ownServer, 'There');
  await signIn(page, server);
  await signIn(page, ownServer);
  for (const [url, name] of [[server.url, 'Here'], [ownServer.url, 'There'], [server.url, 'Here']] as const) {
    await page.goto(`${url}/keys`);
    await ready(page);
    await expect(row(page, name)).toHaveCount(1);
  }
  // Nor do they share a theme.
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  const kept = page.waitForResponse(/choose_theme/);
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await kept;
  await page.goto(`${ownServer.url}/keys`);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'system');
  await page.goto(`${server.url}/keys`);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  // Signing out of one leaves the other.
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/login/);
  await page.goto(`${ownServer.url}/keys`);
  await expect(row(page, 'There')).toHaveCount(1);
  // The browser's time zone is nobody's own.
  const own = (await context.cookies()).filter(({ name }) => name !== 'time_zone');
  for (const { name } of own) expect(name).toMatch(/^keydesk(-device|-theme)?-[0-9a-f]{8}$/);
});
