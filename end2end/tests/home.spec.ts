import { expect, ready, test } from '../lib/test.ts';

const UNAVAILABLE =
  'API Keys may not be available in your installation. Please contact your Account Manager or Support.';

test('the page is readable before any script runs', async ({ server, browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.url);
  await expect(page.getByRole('heading', { name: 'Keydesk' })).toBeVisible();
  await expect(page.getByText(/API Keys module is available/)).toBeVisible();
  await context.close();
});

test('the hydrated page asks the server again', async ({ server, page }) => {
  await page.goto(server.url);
  await ready(page);
  const answered = page.waitForResponse((response) => response.request().method() === 'POST' && response.ok());
  await page.getByRole('button', { name: 'Check again' }).click();
  await answered;
  await expect(page.getByText(/API Keys module is available/)).toBeVisible();
});

test('switching the module off shows in an open page, and on again too', async ({ ownServer, page }) => {
  await page.goto(ownServer.url);
  await ready(page);
  const again = page.getByRole('button', { name: 'Check again' });

  await ownServer.cli('installation', 'disable', 'default');
  await expect(async () => {
    await again.click();
    await expect(page.getByText(UNAVAILABLE)).toBeVisible({ timeout: 500 });
  }).toPass();

  await ownServer.cli('installation', 'enable', 'default');
  await expect(async () => {
    await again.click();
    await expect(page.getByText(/API Keys module is available/)).toBeVisible({ timeout: 500 });
  }).toPass();
});

test('the assets are immutable, compressed and named by their content', async ({ server, page, request }) => {
  const assets = new Map<string, { encoding: string | undefined; cache: string | undefined }>();
  page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    const headers = response.headers();
    if (path.startsWith('/pkg/')) {
      assets.set(path, { encoding: headers['content-encoding'], cache: headers['cache-control'] });
    }
  });
  await page.goto(server.url);
  await ready(page);
  for (const extension of ['js', 'wasm', 'css']) {
    const path = [...assets.keys()].find((name) => name.endsWith(`.${extension}`));
    expect(path, extension).toMatch(/\.[0-9a-f]{16}\./);
    expect(assets.get(path!)?.cache).toContain('immutable');
    expect(assets.get(path!)?.encoding).toMatch(/^(br|gzip)$/);
  }
  expect((await request.get(`${server.url}/pkg/none.0000000000000000.js`)).status()).toBe(404);
});
