import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { row, verify } from '../lib/keys.ts';
import { createPerson, signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

const IMAGES = resolve(import.meta.dirname, '../../docs/images');

const CLIENTS: [name: string, preset: string, environment: 'live' | 'test', calls: number][] = [
  ['Alpine Outfitters', 'crm', 'live', 14],
  ['Borealis Bank', 'quality-assurance', 'live', 9],
  ['Cobalt Analytics', 'business-intelligence', 'live', 21],
  ['Dunmore Energy', 'crm', 'live', 6],
  ['Évora Hotels', 'live-widget', 'live', 30],
  ['Fjord Logistics', 'workforce-management', 'live', 0],
  ['Harbour Clinics', 'crm', 'live', 17],
  ['Juniper Insurance', 'quality-assurance', 'live', 3],
  ['Kestrel Retail, staging', 'crm', 'test', 0],
  ['Lobby screen in Zürich', 'live-widget', 'live', 25],
  ['Meridian Airlines', 'workforce-management', 'live', 11],
  ['Northwind Telecom', 'business-intelligence', 'live', 0],
];
const CALLED = CLIENTS.filter(([, , , calls]) => calls > 0).length;

// Fonts like those of the systems on which most people will see the pages.
const FACES = ':root { --font: "Inter", system-ui, sans-serif; --mono: "JetBrains Mono", ui-monospace, monospace; }';

test.use({ viewport: { width: 1280, height: 820 }, deviceScaleFactor: 2, bypassCSP: true });

test('the pictures of the README', async ({ ownServer, page }) => {
  await mkdir(IMAGES, { recursive: true });
  const { key: caller } = JSON.parse(await ownServer.cli('key', 'default', '--reveal', '--json')) as { key: string };
  for (const [name, preset, environment, calls] of CLIENTS) {
    const made = await ownServer.cli(
      ...['key', 'create', '--client-name', name, '--preset', preset, '--environment', environment, '--json'],
    );
    const { key } = JSON.parse(made) as { key: string };
    for (let call = 0; call < calls; call++) expect(await verify(ownServer, key, caller)).toBe('VALID');
  }
  await createPerson(ownServer);
  await signIn(page, ownServer);
  // Calls are written down every few seconds.
  await expect(async () => {
    await page.goto(`${ownServer.url}/keys`);
    await expect(page.locator('.line')).toHaveCount(CALLED + 1, { timeout: 500 });
  }).toPass();

  await page.clock.setFixedTime(Date.now() + 12 * 60_000);
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.goto(`${ownServer.url}/keys`);
    await ready(page);
    await expect(page.locator('.line')).toHaveCount(CALLED + 1);
    await page.addStyleTag({ content: FACES });
    await row(page, 'Dunmore Energy').hover();
    await page.screenshot({ path: join(IMAGES, `keys-${theme}.png`) });

    await page.getByRole('button', { name: 'Add API key' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add API key' });
    await dialog.getByRole('textbox', { name: 'Client Name' }).fill('Orchard Foods');
    await dialog.getByRole('radio', { name: 'Workforce management' }).check();
    await page.screenshot({ path: join(IMAGES, `add-${theme}.png`) });
  }
});
