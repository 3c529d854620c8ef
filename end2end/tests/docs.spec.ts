import { readFile } from 'node:fs/promises';
import { expectAccessible } from '../lib/axe.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const PUBLIC = '[docs]\npublic = true\ngateway_url = "https://gateway.example"\n[gateway]\nlisten = "127.0.0.1:0"\n[sandbox]\nenabled = true\nephemeral = true\nhistory_days = 0\n';

test.describe('public documentation', () => {
  test.use({ config: PUBLIC });

  test('everybody reads it, with their own address in it, and finds every page', async ({ ownServer: server, page }) => {
    await page.goto(`${server.url}/docs`);
    await ready(page);
    const pages = page.getByRole('navigation', { name: 'Documentation pages' });
    await expect(pages.getByRole('link').first()).toBeVisible();
    await expectAccessible(page);
    for (const address of await pages.getByRole('link').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href))) {
      if (new URL(address).pathname.startsWith('/api/')) continue;
      const answer = await page.request.get(address);
      expect(answer.status(), address).toBe(200);
      const text = await answer.text();
      if (!address.endsWith('.json')) expect(text, address).not.toContain('127.0.0.1:8080');
    }
    await pages.getByRole('link', { name: 'CRM', exact: true }).click();
    await ready(page);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/CRM/);
    await expect(pages.getByRole('link', { name: 'CRM', exact: true })).toHaveAttribute('aria-current', 'page');
    await expect(page.locator('.docs-text')).toContainText('https://gateway.example');
    await expectAccessible(page);
    // Whoever is not signed in makes no key, and is told so.
    await expect(page.getByRole('button', { name: 'Make a test key' })).toHaveCount(0);
    await expect(page.getByRole('region', { name: 'Test key' }).getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/login?next=/docs/crm');
  });

  test('the language is chosen once, for all snippets and pages', async ({ ownServer: server, page }) => {
    await page.goto(`${server.url}/docs/crm`);
    await ready(page);
    const lists = page.getByRole('tablist', { name: 'Language' });
    const first = lists.first();
    await expect(first.getByRole('tab', { name: 'curl' })).toHaveAttribute('aria-selected', 'true');
    await first.getByRole('tab', { name: 'curl' }).press('ArrowRight');
    await expect(first.getByRole('tab', { name: 'Python' })).toBeFocused();
    for (const list of await lists.all()) {
      await expect(list.getByRole('tab', { name: 'Python' })).toHaveAttribute('aria-selected', 'true');
    }
    await expect(page.getByRole('tabpanel').first()).toContainText('import ');
    await page.reload();
    await ready(page);
    await expect(page.getByRole('tab', { name: 'Python' }).first()).toHaveAttribute('aria-selected', 'true');
    await expectAccessible(page);
  });

  test('a service of the reader’s own is shown as it runs, and asks for no test key', async ({ ownServer: server, page }) => {
    await page.goto(`${server.url}/docs/protect?language=rust`);
    await ready(page);
    await expect(page.getByRole('tab')).toHaveText(['Python', 'JavaScript', 'Java', 'C#', 'Rust']);
    const file = new URL('../../crates/keydesk-client/examples/protected_service.rs', import.meta.url);
    const runs = (await readFile(file, 'utf8')).trim().replaceAll('http://127.0.0.1:3000', server.url);
    expect((await page.getByRole('tabpanel').locator('code').textContent())!.trim()).toBe(runs);
    await expect(page.getByRole('region', { name: 'Test key' })).toHaveCount(0);
    await expectAccessible(page);
  });

  test('code is copied', async ({ ownServer: server, page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${server.url}/docs/crm`);
    await ready(page);
    const panel = page.getByRole('tabpanel').first();
    await panel.getByRole('button', { name: 'Copy curl' }).click();
    await expect(panel.getByText('Copied', { exact: true })).toBeVisible();
    const code = (await panel.locator('code').textContent())!.trim();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  });

  test('a search finds sections and operations', async ({ ownServer: server, page }) => {
    await page.goto(`${server.url}/docs`);
    await ready(page);
    await page.getByRole('searchbox', { name: 'Search the documentation' }).fill('wrap');
    await page.getByRole('search', { name: 'Documentation' }).getByRole('button', { name: 'Search' }).click();
    await ready(page);
    await expect(page.getByRole('heading', { name: 'Search', level: 1 })).toBeVisible();
    const results = page.getByRole('region', { name: 'Search' });
    await expect(results.getByRole('link').first()).toBeVisible();
    await expect(results.locator('a[href^="/docs/reference/"]').first()).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('searchbox', { name: 'Search the documentation' }).fill('xyzzy <b>');
    await page.keyboard.press('Enter');
    await expect(results.getByText('No page has all words of “xyzzy <b>”.')).toBeVisible();
  });

  test('each operation has a page', async ({ ownServer: server, page }) => {
    await page.goto(`${server.url}/docs/reference`);
    await ready(page);
    await expect(page.getByRole('heading', { name: 'Quick start' })).toBeVisible();
    await expectAccessible(page);
    const links = page.locator('.docs-operations a');
    const addresses = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
    expect(addresses.length).toBeGreaterThan(80);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const address of addresses) expect((await page.request.get(address)).status(), address).toBe(200);
    await page.goto(`${server.url}/docs/reference/post_calls`);
    await ready(page);
    await expect(page.getByText('calls:make')).toBeVisible();
    await expect(page.getByRole('link', { name: 'Try it', exact: true }).first()).toBeVisible();
    await expectAccessible(page);
  });

  test('programs read Markdown, llms.txt and the descriptions', async ({ ownServer: server, page }) => {
    const llms = await (await page.request.get(`${server.url}/llms.txt`)).text();
    expect(llms).toMatch(/^# Keydesk\n\n> /);
    const pages = [...llms.matchAll(/\((\S+\.md)\)/g)].map(([, address]) => address!);
    expect(pages.length).toBeGreaterThan(1);
    for (const address of pages) {
      const answer = await page.request.get(address);
      expect(answer.headers()['content-type'], address).toBe('text/markdown; charset=utf-8');
      expect(await answer.text(), address).not.toContain('<!-- snippet');
    }
    const openapi = await (await page.request.get(`${server.url}/docs/openapi.json`)).json();
    expect(openapi.openapi).toBe('3.1.0');
    const asyncapi = await (await page.request.get(`${server.url}/docs/asyncapi.json`)).json();
    expect(asyncapi.asyncapi).toBe('3.1.0');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`pages fit into 320 pixels and more, ${colorScheme}`, async ({ ownServer: server, page }) => {
      await page.emulateMedia({ colorScheme });
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        for (const path of ['/docs', '/docs/crm', '/docs/search?search=call', '/docs/reference', '/docs/reference/post_calls', '/docs/try-it', '/api/docs']) {
          await page.goto(`${server.url}${path}`);
          await ready(page);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(over, `${path} at ${width}`).toBeLessThanOrEqual(0);
          if (width !== 768) await expectAccessible(page);
        }
      }
    });
  }

  test.describe('without scripts', () => {
    test.use({ javaScriptEnabled: false });

    test('languages, search and pages work as links and forms', async ({ ownServer: server, page }) => {
      await page.goto(`${server.url}/docs/crm`);
      await page.getByRole('tab', { name: 'Python' }).first().click();
      await expect(page.getByRole('tab', { name: 'Python' }).first()).toHaveAttribute('aria-selected', 'true');
      await expect(page.getByRole('tabpanel').first()).toContainText('import ');
      await page.getByRole('searchbox', { name: 'Search the documentation' }).fill('wrap');
      await page.getByRole('search').getByRole('button', { name: 'Search' }).click();
      await expect(page.getByRole('region', { name: 'Search' }).getByRole('link').first()).toBeVisible();
    });
  });
});

test('the page that problems lead to is for everybody, with the theme, the way back and buttons that copy', async ({ ownServer: server, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`${server.url}/api/docs#not_found`);
  await ready(page);
  await expect(page.getByRole('heading', { name: 'Keydesk API', level: 1 })).toBeAttached();
  await expect(page.locator('#not_found')).toBeInViewport();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Keydesk' })).toHaveAttribute('href', '/');
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await ready(page);
  await page.getByRole('button', { name: 'Copy Quick start' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('/api/v1/whoami');
  await expectAccessible(page);
});

test.describe('a gateway to live data alone', () => {
  test.use({ config: '[gateway]\nlisten = "127.0.0.1:0"\n[upstreams.live]\nurls = "http://127.0.0.1:9"\n' });

  test('offers no test key, and says why and what to do', async ({ ownServer: server, page }) => {
    await signIn(page, server);
    for (const path of ['/docs', '/docs/crm', '/docs/try-it']) {
      await page.goto(`${server.url}${path}`);
      await ready(page);
      const panel = page.getByRole('region', { name: 'Test key', exact: true });
      await expect(panel.getByText('has no contact centre for test keys, so none is made here: ask its operator to start it with --sandbox'), path).toBeVisible();
      await expect(page.getByRole('button', { name: 'Make a test key' }), path).toHaveCount(0);
    }
    await expect(page.getByRole('button', { name: 'Send' })).toHaveCount(0);
    await expectAccessible(page);
  });
});

test('without [docs] public only who is signed in reads it, in the Workspace', async ({ ownServer: server, page }) => {
  await page.goto(`${server.url}/docs/crm`);
  await expect(page).toHaveURL(`${server.url}/login?next=/docs/crm`);
  expect((await page.request.get(`${server.url}/docs/crm.md`, { maxRedirects: 0 })).status()).toBe(303);
  await signIn(page, server);
  await page.goto(`${server.url}/keys`);
  await ready(page);
  await page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Integration Documentation' }).click();
  await page.waitForURL(`${server.url}/docs`);
  await ready(page);
  const entry = page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Integration Documentation' });
  await expect(entry).toHaveAttribute('aria-current', 'page');
  // No gateway, so no test key and no console.
  await page.goto(`${server.url}/docs/try-it`);
  await ready(page);
  await expect(page.getByText('has no contact centre for test keys')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send' })).toHaveCount(0);
  await expectAccessible(page);
});
