import type { Page } from '@playwright/test';
import { holdClient, meddle } from '../lib/foreign.ts';
import { createKeys, detailsOf, dialogAddresses, grid } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

// An address without a page, or with values that can't be read, has the status of a refusal.
test.use({ expectedComplaints: [/Failed to load resource.*status of (404|422)/] });

// Each opens some twenty pages, one after another.
test.describe.configure({ timeout: 150_000 });

const NOBODY = '01900000-0000-7000-8000-000000000000';

/** Every address of the Workspace, with every dialog that an address opens. */
async function addresses(page: Page, server: Server): Promise<string[]> {
  await createKeys(server, 'Acme');
  const details = await detailsOf(server, 'Acme');
  const id = details.split('/').pop()!;
  const dialogs = await dialogAddresses(page, server, details);
  return [
    '/', '/keys', '/keys?search=acm', '/keys?search=nobody', '/keys?sort=-created_at', '/keys?status=revoked', '/keys?cursor=none',
    '/keys?shortcuts', '/keys?new', '/keys?new&preset=live-widget&client_name=Foo&networks=10.0.0.0/8&scope=no', `/keys?new&from=${id}`,
    `/keys?edit=${id}`, `/keys?edit=${NOBODY}`, '/keys?edit=nonsense', `/keys?delete=${id}`, `/keys?delete=${NOBODY}`,
    `/keys/${id}`, ...dialogs.map((address) => address.slice(server.url.length)), `/keys/${id}?open=edit`, `/keys/${NOBODY}`,
    `/keys/${id}/tighten`, `/keys/${NOBODY}/tighten`,
    `/keys/${id}?edit&only_scope=calls%3Aread`, `/keys/${id}/activity`, `/keys/${id}/activity?range=nonsense`, `/keys/${id}/activity?range=30d&open=rotate`, `/keys/${NOBODY}/activity`,
    '/keys/import', '/keys/import?done=cancelled', `/keys/import/${NOBODY}`,
    '/clients', '/clients?search=acm', '/clients?search=nobody', '/clients/ceiling', '/clients/ceiling?client_name=Acme&environment=live',
    '/usage', '/usage?range=1y', `/usage?key=${NOBODY}`, '/usage/refusals', '/audit', '/audit?from=yesterday',
    '/settings', '/webhooks', '/webhooks?add', `/webhooks/${NOBODY}`, '/administrators', '/administrators?invite', `/administrators/${NOBODY}`, '/account', '/account?open=app', '/account?due', '/docs', '/docs/try-it', '/docs/reference', '/docs/search?search=call', '/docs/nothing', '/handover', '/setup', '/invite', '/reset', '/nothing',
  ];
}

/** Whether the page is one that a client wakes up. */
function isLive(page: Page): Promise<boolean> {
  return page.locator('#wake').count().then((count) => count > 0);
}

/** Fails unless the page does what it seems to do. */
async function expectAlive(page: Page, address: string): Promise<void> {
  await ready(page);
  if (!address.startsWith('/keys?') && address !== '/keys') return;
  const dialog = page.locator('dialog:modal');
  const opened = (await dialog.count()) > 0;
  if (opened) {
    await page.keyboard.press('Escape');
    await expect(dialog, address).toHaveCount(0);
  }
  // A list that can't be shown has no button, until another one is asked for.
  if (!address.includes('cursor=')) {
    await page.getByRole('button', { name: 'Add API key' }).click();
    await expect(page.getByRole('dialog', { name: 'Add API key' }).getByRole('textbox', { name: 'Client Name' }), address).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog, address).toHaveCount(0);
  }
  if (opened) return;
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  await search.fill('Acme');
  await search.press('Enter');
  await expect(page, address).toHaveURL(/search=Acme/);
  // Nothing was deleted.
  const found = grid(page).getByRole('link', { name: 'Acme', exact: true });
  await expect(found, address).toHaveCount(address.includes('revoked') ? 0 : 1);
}

/** How often the page itself is asked for. */
function counted(page: Page): { asked: number } {
  const count = { asked: 0 };
  page.on('request', (request) => {
    const again = request.resourceType() === 'fetch' && request.headers()['accept'] === 'text/html';
    if (request.resourceType() === 'document' || again) count.asked++;
  });
  return count;
}

test('with scripts every address wakes up, without asking for the page again', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  const count = counted(page);
  for (const address of await addresses(page, server)) {
    count.asked = 0;
    await page.goto(server.url + address);
    await ready(page);
    expect(count.asked, address).toBe(1);
    await expectAlive(page, address);
  }
});

test('every address that a translator and an extension have changed wakes up', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  await meddle(page);
  for (const address of await addresses(page, server)) {
    await page.goto(server.url + address);
    await expectAlive(page, address);
    if (await isLive(page)) await expect(page.locator('.foreign'), address).toHaveCount(0);
  }
});

test('while the client is on its way every address has its forms, and then wakes up', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  for (const address of await addresses(page, server)) {
    const release = await holdClient(page);
    await page.goto(server.url + address, { waitUntil: 'domcontentloaded' });
    const name = page.getByRole('dialog').getByRole('textbox', { name: 'Client Name' });
    const [typing, live] = [(await name.count()) > 0, await isLive(page)];
    if (typing) await name.fill('Typed before');
    if (live) await expect(page.locator('html'), address).not.toHaveAttribute('data-hydrated');
    release();
    await ready(page);
    if (typing) {
      await expect(name, address).toHaveValue('Typed before');
      await page.getByRole('button', { name: 'Cancel' }).click();
    }
    await expectAlive(page, address);
    await page.unrouteAll();
  }
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('every address has its page, and the list its forms', async ({ ownServer: server, page }) => {
    await signIn(page, server);
    for (const address of await addresses(page, server)) {
      const answer = await page.goto(server.url + address);
      expect(answer!.status(), address).toBeLessThan(500);
      await expect(page.getByRole('heading').first(), address).toBeVisible();
      if (!address.startsWith('/keys?') && address !== '/keys') continue;
      await page.getByRole('searchbox', { name: 'Quick Search' }).fill('Acme');
      await page.getByRole('searchbox', { name: 'Quick Search' }).press('Enter');
      await page.waitForURL(/search=Acme/);
    }
  });
});
