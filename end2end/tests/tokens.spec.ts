import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, verify } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

test('a token is made on the page of a key, checks offline, and ends with its key', async ({ ownServer: server, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await createKeys(server, 'Acme');
  const printed = await server.cli('key', 'create', '--client-name', 'Checker', '--scope', 'keys:verify', '--json');
  const checker = (JSON.parse(printed) as { key: string }).key;
  const requested: string[] = [];
  page.on('request', (request) => requested.push(`${request.url()} ${request.headers().referer ?? ''}`));
  await signIn(page, server);
  const details = await detailsOf(server, 'Acme');
  await page.goto(details);
  await ready(page);
  await page.getByRole('link', { name: 'Make a token' }).click();
  await ready(page);
  const dialog = page.getByRole('dialog', { name: 'Make a token' });
  await expectAccessible(page);
  await dialog.getByRole('radio', { name: '1 hour' }).check();
  await dialog.getByRole('checkbox', { name: 'contacts:write' }).uncheck();
  await dialog.getByRole('textbox', { name: /Web origin/ }).fill('https://shop.example');
  await dialog.getByRole('button', { name: 'Make token' }).click();
  await ready(page);
  await expect(page).toHaveURL(`${details}/result`);
  const once = page.getByRole('region', { name: 'The token' });
  const token = (await once.locator('code').textContent())!.trim();
  await once.getByRole('button', { name: 'Copy token' }).click();
  await expect(once.getByText('Copied', { exact: true })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  await expectAccessible(page);
  await page.reload();
  await expect(once.locator('code')).toHaveText(token);
  await expect(page.getByRole('region', { name: 'History' })).toContainText('Token made');

  // As anybody checks it who has the published keys alone.
  const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
  const expected = { issuer: server.url, audience: 'keydesk', typ: 'keydesk+jwt', algorithms: ['EdDSA'] };
  const { payload } = await jwtVerify(token, keys, expected);
  expect(decodeProtectedHeader(token).alg).toBe('EdDSA');
  expect(payload.sub).toBe(details.split('/').at(-1));
  expect(payload.exp! - payload.iat!).toBe(3600);
  expect(payload).toMatchObject({ env: 'live', inst: 'default', origin: 'https://shop.example' });
  expect(String(payload.scope).split(' ')).toContain('contacts:read');
  expect(String(payload.scope)).not.toContain('contacts:write');
  const [header, claims, signature] = token.split('.') as [string, string, string];
  const altered = `${header}.${Buffer.from(JSON.stringify({ ...payload, scope: 'keys:write' })).toString('base64url')}.${signature}`;
  await expect(jwtVerify(altered, keys, expected)).rejects.toThrow(/signature verification failed/);
  await expect(jwtVerify(token, keys, { ...expected, audience: 'another' })).rejects.toThrow();
  expect(claims).not.toBe('');

  // It is for pages of its origin, and nothing else says where a call comes from here.
  expect(await verify(server, token, checker)).toBe('ORIGIN_NOT_ALLOWED');
  expect(await verify(server, altered, checker)).toBe('NOT_FOUND');
  await server.cli('key', 'disable', details.split('/').at(-1)!);
  await expect.poll(() => verify(server, token, checker)).toBe('DISABLED');
  for (const request of requested) expect(request).not.toContain('eyJ');
});

test.describe('a wrong form', () => {
  test.use({ expectedComplaints: [/status of 422/] });

  test('a form that is refused keeps what was typed', async ({ ownServer: server, page }) => {
    await createKeys(server, 'Acme');
    await signIn(page, server);
    const details = await detailsOf(server, 'Acme');
    await page.goto(`${details}?open=token`);
    await ready(page);
    const dialog = page.getByRole('dialog', { name: 'Make a token' });
    await dialog.getByRole('radio', { name: '1 minute' }).check();
    await dialog.getByRole('checkbox', { name: 'calls:read' }).uncheck();
    await dialog.getByRole('textbox', { name: /Web origin/ }).fill('shop.example');
    await dialog.getByRole('button', { name: 'Make token' }).click();
    await expect(dialog.getByText('The origin must begin with https:// or http://.')).toBeVisible();
    await expect(dialog.getByRole('radio', { name: '1 minute' })).toBeChecked();
    await expect(dialog.getByRole('checkbox', { name: 'calls:read' })).not.toBeChecked();
    await expect(dialog.getByRole('checkbox', { name: 'contacts:read' })).toBeChecked();
    await expect(dialog.getByRole('textbox', { name: /Web origin/ })).toHaveValue('shop.example');
  });
});
