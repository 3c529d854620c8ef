import { expectAccessible } from '../lib/axe.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({ config: '[gateway]\nlisten = "127.0.0.1:0"\n[sandbox]\nenabled = true\nephemeral = true\nhistory_days = 1\n' });

test.describe('the console', () => {
  // A refused call is a line in the console of the browser.
  test.use({ expectedComplaints: [/status of 40[0-9]/] });

  test('a test key of the page calls the sandbox, and is kept nowhere', async ({ ownServer: server, page, context }) => {
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(`${request.url()} ${request.headers().referer ?? ''}`));
    await signIn(page, server);
    await page.goto(`${server.url}/docs/try-it`);
    await ready(page);
    await expectAccessible(page);
    const operation = page.getByRole('combobox', { name: 'Operation' });
    await expect(page.getByText('Asks for queues:read.')).toBeVisible();

    // Without a key nothing is sent.
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Make a test key above, or paste one.' })).toBeVisible();
    await page.getByRole('textbox', { name: 'Test key' }).fill('ccc_live_0000');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'This is no test key' })).toBeVisible();

    // A key of a live widget reads queues.
    await page.getByRole('combobox', { name: 'Access of the key' }).selectOption('Live widget');
    await page.getByRole('button', { name: 'Make a test key' }).click();
    const key = page.locator('#docs-key');
    await expect(key).toHaveText(/^ccc_test_/);
    const secret = (await key.textContent())!;
    await expect(page.getByRole('textbox', { name: 'Test key' })).toHaveValue(secret);
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.getByRole('region', { name: 'Answer' });
    await expect(answer.getByRole('status')).toHaveText(/^200 OK, \d+ ms, \d+ bytes$/);
    await expect(answer.getByRole('group', { name: 'Body of the answer' })).toContainText('"items"');
    await expect(answer.getByRole('group', { name: 'Headers of the answer' })).toContainText('content-type: application/json');
    await expect(answer.getByRole('group', { name: 'Request' })).toContainText(/^GET http:\/\/127\.0\.0\.1:\d+\/v1\/queues/);
    await expect(answer).not.toContainText(secret);
    await expectAccessible(page);

    // What it lacks is named.
    await operation.selectOption({ value: 'post_calls' });
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(answer.getByText('This key lacks calls:make.')).toBeVisible();
    await expect(answer.getByRole('status')).toHaveText(/^403 /);
    await page.getByRole('button', { name: 'Follow' }).click();
    await expect(page.getByText('agents: the key lacks agent-states:subscribe')).toBeVisible();
    await expect(page.getByRole('table', { name: 'Queues' }).getByRole('row')).toHaveCount(7);
    await page.getByRole('button', { name: 'Stop' }).click();

    // It is gone with the page.
    expect(JSON.stringify([await context.cookies(), await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])])).not.toContain(secret);
    for (const address of addresses) expect(address).not.toContain(secret);
    await page.reload();
    await ready(page);
    await expect(page.getByRole('textbox', { name: 'Test key' })).toHaveValue('');
    expect(await page.content()).not.toContain(secret);
    // It is a key like any other, of the environment test, with an end.
    const keys = JSON.parse(await server.cli('key', 'list', '--json')) as { items?: unknown[] } | unknown[];
    expect(JSON.stringify(keys)).toContain('Documentation, Live widget');
  });

  test('what a call does is seen as it happens', async ({ ownServer: server, page }) => {
    await signIn(page, server);
    await page.goto(`${server.url}/docs/try-it?operation=post_calls`);
    await ready(page);
    await page.getByRole('button', { name: 'Make a test key' }).click();
    await expect(page.locator('#docs-key')).toHaveText(/^ccc_test_/);
    await page.getByRole('button', { name: 'Follow' }).click();
    await expect(page.getByRole('list', { name: 'Agents by state' }).getByRole('listitem').first()).toBeVisible();
    await expect(page.getByRole('table', { name: 'Queues' })).toBeVisible();
    await page.getByRole('textbox', { name: 'Body (JSON)' }).fill('{"to": "+61 491 570 156", "agent_extension": "1001"}');
    await page.getByRole('button', { name: 'Send' }).click();
    const status = page.getByRole('region', { name: 'Answer' }).getByRole('status');
    await expect(status).toHaveText(/^(201|202|409|422) /);
    if (/^20/.test((await status.textContent())!)) {
      const id = JSON.parse((await page.getByRole('group', { name: 'Body of the answer' }).textContent())!).id as string;
      await expect(page.getByRole('list', { name: 'Events' })).toContainText(id.slice(-6));
    }
    await expectAccessible(page);
  });
});

test('the key fills the snippets of a page', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/docs/crm`);
  await ready(page);
  await page.getByRole('button', { name: 'Make a test key' }).click();
  const key = page.locator('#docs-key');
  await expect(key).toHaveText(/^ccc_test_/);
  const secret = (await key.textContent())!;
  await expect(page.getByRole('tabpanel').first()).toContainText(secret);
  await expect(page.locator('.docs-text')).not.toContainText('$KEYDESK_KEY');
  await expectAccessible(page);
  await page.reload();
  await ready(page);
  expect(await page.content()).not.toContain(secret);
});
