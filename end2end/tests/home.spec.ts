import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf } from '../lib/keys.ts';
import { createPerson, OWNER, signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

// Where the module is off.
test.use({ expectedComplaints: [/status of (403|404|503)/] });

test('before set-up the first page says what to do, and afterwards it leads to the sign-in', async ({ ownServer, page }) => {
  await page.goto(ownServer.url);
  await expect(page.getByRole('heading', { name: 'Keydesk is not set up yet' })).toBeVisible();
  await expect(page.getByText('keydesk doctor')).toBeVisible();
  await expectAccessible(page);
  await createPerson(ownServer);
  await page.goto(ownServer.url);
  await expect(page).toHaveURL(`${ownServer.url}/login?next=/`);
  await ready(page);
  await page.getByRole('textbox', { name: 'Email' }).fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await expect(page).toHaveURL(`${ownServer.url}/`);
});

test('it shows what wants attention, and the keys are one click away', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  await page.goto(ownServer.url);
  await ready(page);
  await expect(page.getByText('Nothing wants your attention.')).toBeVisible();
  await expectAccessible(page);

  const create = ['key', 'create', '--preset', 'crm', '--json', '--client-name'];
  await ownServer.cli(...create, 'Ends soon', '--expires-at', '3d');
  await createKeys(ownServer, 'Handed over', 'Refused');
  const handed = (await detailsOf(ownServer, 'Handed over')).split('/').pop()!;
  await ownServer.cli('key', 'handover', handed);
  const refused = (await detailsOf(ownServer, 'Refused')).split('/').pop()!;
  const { key } = JSON.parse(await ownServer.cli('key', 'rotate', refused, '--overlap', '0', '--json')) as { key: string };
  const gateway = await ownServer.cli('key', 'create', '--client-name', 'Gateway', '--scope', 'keys:verify', '--json');
  const { key: caller } = JSON.parse(gateway) as { key: string };
  await ownServer.cli('key', 'disable', refused);
  await expect.poll(async () => {
    await fetch(`${ownServer.url}/api/v1/keys/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    });
    await page.reload();
    return page.getByRole('region', { name: /Refused calls/ }).count();
  }).toBe(1);
  const ending = page.getByRole('region', { name: /Keys that end soon/ });
  await expect(ending.getByRole('link', { name: 'Ends soon' })).toBeVisible();
  await expect(page.getByRole('region', { name: /Hand-over links not opened/ }).getByRole('link', { name: 'Handed over' })).toBeVisible();
  await expect(page.getByRole('region', { name: /Refused calls/ })).toContainText('Key disabled');
  await ready(page);
  await expectAccessible(page);
  await page.setViewportSize({ width: 320, height: 640 });
  await expectAccessible(page);
  await ending.getByRole('link', { name: 'Show all' }).click();
  await expect(page).toHaveURL(`${ownServer.url}/keys?status=expiring`);
  await page.goBack();
  await page.getByRole('main').getByRole('link', { name: 'API Keys' }).click();
  await expect(page).toHaveURL(`${ownServer.url}/keys`);
});

test('where the module is off it says so to whoever is signed in', async ({ ownServer, page }) => {
  await signIn(page, ownServer);
  await ownServer.cli('installation', 'disable', 'default');
  await expect(async () => {
    await page.goto(ownServer.url);
    await expect(page.getByText(/API Keys may not be available in your installation/)).toBeVisible({ timeout: 500 });
  }).toPass();
  await ownServer.cli('installation', 'enable', 'default');
  await expect(async () => {
    await page.goto(ownServer.url);
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible({ timeout: 500 });
  }).toPass();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('it is readable', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(ownServer.url);
    await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: 'API Keys' })).toBeVisible();
  });
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
  await page.goto(`${server.url}/login`);
  await ready(page);
  for (const extension of ['js', 'wasm', 'css']) {
    const path = [...assets.keys()].find((name) => name.endsWith(`.${extension}`));
    expect(path, extension).toMatch(/\.[0-9a-f]{16}\./);
    expect(assets.get(path!)?.cache).toContain('immutable');
    expect(assets.get(path!)?.encoding).toMatch(/^(br|gzip)$/);
  }
  expect((await request.get(`${server.url}/pkg/none.0000000000000000.js`)).status()).toBe(404);
});
