import { spawn } from 'node:child_process';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { startCentre, type Centre } from '../lib/examples.ts';
import { choose, createKeys, detailsOf, expectToFit, openKeys } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

/** Runs a command as a person does who pastes it, until it has printed what is waited for, or has ended. */
function paste(command: string, until: RegExp): Promise<string> {
  return new Promise((done, failed) => {
    const shell = spawn('bash', ['-c', command], { detached: true });
    let printed = '';
    const end = (): void => {
      clearTimeout(patience);
      try {
        process.kill(-shell.pid!, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
      done(printed);
    };
    const patience = setTimeout(end, 20_000);
    const heard = (chunk: unknown): void => {
      printed += String(chunk);
      if (until.test(printed)) end();
    };
    shell.stdout.on('data', heard);
    shell.stderr.on('data', heard);
    shell.on('error', failed);
    shell.on('close', end);
  });
}

/** Makes a key in the dialog, and leaves it at its last step. */
async function generate(page: Page, integration: string, environment: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Add API key' }).click();
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByRole('textbox', { name: 'Client Name' }).fill(integration);
  await choose(add, integration);
  // Custom has it open: its scopes are chosen there.
  if (integration !== 'Custom') await add.getByText('Advanced').click();
  await add.getByRole('combobox', { name: 'Environment' }).selectOption(environment);
  if (integration === 'Custom') await add.getByRole('checkbox', { name: /calls:read$/ }).check();
  await add.getByRole('button', { name: 'Generate key' }).click();
  await expect(add.getByText(/^ccc_(live|test)_[0-9A-Za-z]{36}$/)).toBeVisible();
  return add;
}

test.describe('with a gateway', () => {
  let centre: Centre;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    centre = await startCentre({ days: 1 });
  });
  test.afterAll(async () => centre.stop());

  for (const { integration, path, guide, prints } of [
    { integration: 'CRM', path: '/v1/stream/calls', guide: 'crm', prints: /^event: /m },
    { integration: 'Workforce management', path: '/v1/stream/agent-states', guide: 'workforce-management', prints: /^event: /m },
    { integration: 'Quality assurance', path: '/v1/recordings', guide: 'quality-assurance', prints: /"items"/ },
    { integration: 'Business intelligence', path: '/v1/data', guide: 'business-intelligence', prints: /"name"/ },
    { integration: 'Live widget', path: '/v1/queues', guide: 'live-widget', prints: /"items"/ },
  ]) {
    test(`the command that a new key for ${integration} comes with works as it is pasted`, async ({ page, context }) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await openKeys(page, centre.server);
      const add = await generate(page, integration, 'test');
      const key = (await add.getByText(/^ccc_test_[0-9A-Za-z]{36}$/).textContent())!.trim();
      await expect(add.getByText(`"${centre.gateway}${path}"`)).toBeVisible();
      await expect(add.getByText(/^Through the gateway, this /)).toBeVisible();
      await add.getByRole('button', { name: 'Copy command' }).click();
      await expect(add.getByText('Copied', { exact: true })).toBeVisible();
      const command = await clipboard(page);
      expect(command.startsWith(`KEYDESK_KEY='${key}'\ncurl `), command).toBe(true);
      // The key is in one place of the page, and in no address of the command.
      expect((await page.content()).split(key)).toHaveLength(2);
      expect(/"https?:[^"]*"/.exec(command)![0]).not.toContain('ccc_');
      expect(await paste(command, prints)).toMatch(prints);
      expect(centre.server.output).not.toContain(key);

      await expect(add.getByText('Its history then says who did, when, and from where.')).toBeVisible();
      await expect(add.getByRole('link', { name: 'Send a hand-over link' })).toHaveAttribute('href', /\/keys\/[0-9a-f-]{36}\?open=hand-over$/);
      await expectAccessible(page);
      await add.getByRole('link', { name: `Integration Documentation: ${integration}` }).click();
      await expect(page).toHaveURL(`${centre.workspace}/docs/${guide}`);
    });
  }

  test('of a live key it is said that the gateway has no API for it', async ({ page }) => {
    await openKeys(page, centre.server);
    const add = await generate(page, 'CRM', 'live');
    await expect(add.getByText('The gateway has no API for live keys yet. This asks Keydesk itself what the key may do:')).toBeVisible();
    await expect(add.getByText(`"${centre.workspace}/api/v1/whoami"`)).toBeVisible();
  });

  test('a hand-over link has the same command', async ({ page, browser }) => {
    await openKeys(page, centre.server);
    const add = await generate(page, 'Quality assurance', 'test');
    const key = (await add.getByText(/^ccc_test_[0-9A-Za-z]{36}$/).textContent())!.trim();
    await add.getByRole('link', { name: 'Send a hand-over link' }).click();
    await page.getByRole('button', { name: 'Create hand-over link' }).click();
    const link = (await page.getByRole('region', { name: 'The hand-over link' }).locator('code').textContent())!.trim();
    expect(link.startsWith(`${centre.workspace}/handover#`), link).toBe(true);
    const stranger = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const theirs = await stranger.newPage();
    await theirs.goto(link);
    await theirs.getByRole('button', { name: 'Show the key' }).click();
    await ready(theirs);
    await theirs.getByRole('button', { name: 'Copy command' }).click();
    await expect(theirs.getByText('Copied', { exact: true })).toBeVisible();
    const command = await clipboard(theirs);
    expect(command).toContain(`KEYDESK_KEY='${key}'\ncurl -sS "${centre.gateway}/v1/recordings"`);
    expect(await paste(command, /"items"/)).toMatch(/"items"/);
    await stranger.close();
  });
});

test('a key for Keydesk itself calls Keydesk', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openKeys(page, ownServer);
  const add = await generate(page, 'Custom', 'live');
  await add.getByRole('button', { name: 'Copy command' }).click();
  await expect(add.getByText('Copied', { exact: true })).toBeVisible();
  expect(await paste(await clipboard(page), /"client_name"/)).toContain('"client_name":"Custom"');
  await expect(add.getByRole('link', { name: 'Integration Documentation', exact: true })).toHaveAttribute('href', '/docs');
});

test('without a gateway the last step says so, and what it shows fits 320 pixels', async ({ ownServer, page }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  await openKeys(page, ownServer);
  const add = await generate(page, 'CRM', 'live');
  await expect(add.getByText(/^This Keydesk has no gateway/)).toBeVisible();
  await expect(add.getByText(`"${ownServer.url}/api/v1/whoami"`)).toBeVisible();
  await expectAccessible(page);
  const wide = await page.locator('dialog:modal').evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
  await expectToFit(page);
});

test('a rotated key comes with the same command', async ({ ownServer, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await createKeys(ownServer, 'Acme');
  await signIn(page, ownServer);
  await page.goto(`${await detailsOf(ownServer, 'Acme')}?open=rotate`);
  await ready(page);
  await page.getByRole('button', { name: 'Rotate key' }).click();
  await ready(page);
  const once = page.getByRole('region', { name: 'The new key' });
  await once.getByRole('button', { name: 'Copy command' }).click();
  await expect(once.getByText('Copied', { exact: true })).toBeVisible();
  expect(await paste(await clipboard(page), /"client_name"/)).toContain('"client_name":"Acme"');
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the last step has the command, and says where the key goes', async ({ ownServer, page }) => {
    await signIn(page, ownServer);
    await page.goto(`${ownServer.url}/keys?new&preset=crm&client_name=Acme`);
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await add.getByRole('button', { name: 'Generate key' }).click();
    const key = (await add.getByText(/^ccc_live_[0-9A-Za-z]{36}$/).textContent())!.trim();
    await expect(add.getByText(`"${ownServer.url}/api/v1/whoami"`)).toBeVisible();
    await expect(add.getByText('Put the key in the place of what stands between the quotes.')).toBeVisible();
    await expect(add.getByRole('button', { name: 'Copy command' })).toBeHidden();
    const shown = (await add.locator('#first-call').textContent())!;
    expect(shown).toContain(`KEYDESK_KEY='${key.slice(0, 13)}`);
    expect(await paste(shown.replace(/'ccc_[^']*'/, `'${key}'`), /"client_name"/)).toContain('"client_name":"Acme"');
    await add.getByRole('link', { name: 'Integration Documentation: CRM' }).click();
    await expect(page).toHaveURL(`${ownServer.url}/docs/crm`);
  });
});
