import type { Locator } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, openKeys, row } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const INSTANT = /^Stops \d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d, /;

/** When the key of a client ends, as programs read it. */
async function endOf(server: Server, client: string): Promise<string | null> {
  const listed = await server.cli('key', 'list', '--search', client, '--json');
  const { items } = JSON.parse(listed) as { items: { kind: string; expires_at: string | null }[] };
  return items.find((key) => key.kind === 'issued')!.expires_at;
}

/** `22 Nov 2026`: the day that it is somewhere at an instant. */
function dayIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, day: 'numeric', month: 'short', year: 'numeric' }).formatToParts(at);
  return ['day', 'month', 'year'].map((wanted) => parts.find(({ type }) => type === wanted)!.value).join(' ');
}

async function chooseDay(dialog: Locator, day: string): Promise<void> {
  await dialog.getByText('Advanced').click();
  await dialog.getByRole('combobox', { name: 'Expires' }).selectOption('At the end of a day');
  await dialog.getByLabel('Last day').fill(day);
}

for (const { zone, place, end } of [
  { zone: 'America/Los_Angeles', place: 'Los Angeles', end: '2031-01-01T08:00:00.000Z' },
  { zone: 'Australia/Sydney', place: 'Sydney', end: '2030-12-31T13:00:00.000Z' },
  { zone: 'Pacific/Kiritimati', place: 'Kiritimati', end: '2030-12-31T10:00:00.000Z' },
]) {
  test.describe(`in ${place}`, () => {
    test.use({ timezoneId: zone });

    test('a key stops at the end of the reader\'s day, and every place says when', async ({ ownServer, page }) => {
      const words = `31 Dec 2030, 23:59, ${place}`;
      await openKeys(page, ownServer, '?new&preset=crm&client_name=Acme');
      const add = page.getByRole('dialog', { name: 'Add API key' });
      await chooseDay(add, '2030-12-31');
      await expect(add.getByText(`Stops ${words}`)).toBeVisible();
      await expect(add.getByRole('combobox', { name: 'Expires' })).toHaveAccessibleDescription(new RegExp(`Stops ${words}`));
      await add.getByRole('button', { name: 'Generate key' }).click();
      await add.getByRole('button', { name: 'Done' }).click();
      expect(await endOf(ownServer, 'Acme')).toBe(end);

      await expect(row(page, 'Acme').getByTitle(`Stops ${words}`)).toHaveText(['Active', '31 Dec 2030']);
      await page.goto(await detailsOf(ownServer, 'Acme'));
      await ready(page);
      await expect(page.getByRole('combobox', { name: 'Expires' }).locator('option:checked')).toHaveText(`On ${words} (no change)`);
      await expect(page.getByText(`Stops ${words}`)).toBeVisible();
    });
  });
}

test('the instant of every choice is spelled out as one chooses', async ({ server, page }) => {
  await openKeys(page, server, '?new&preset=crm');
  const add = page.getByRole('dialog', { name: 'Add API key' });
  await add.getByText('Advanced').click();
  const expires = add.getByRole('combobox', { name: 'Expires' });
  await expect(expires).toHaveAccessibleDescription('Never stops by itself');
  for (const days of ['30', '90', '365']) {
    await expires.selectOption(`In ${days} days`);
    await expect(expires).toHaveAccessibleDescription(INSTANT);
    await expect(expires).toHaveAccessibleDescription(/Zurich$/);
  }
  await expires.selectOption('At the end of a day');
  await expect(expires).toHaveAccessibleDescription('Stops at 23:59 on that day, Zurich');
  await add.getByLabel('Last day').fill('2029-03-25');
  await expect(expires).toHaveAccessibleDescription('Stops 25 Mar 2029, 23:59, Zurich');
  await expires.selectOption('Never');
  await expect(expires).toHaveAccessibleDescription('Never stops by itself');
  await expectAccessible(page);
});

test.describe('a reader elsewhere', () => {
  test.use({ timezoneId: 'Pacific/Kiritimati' });

  test('whoever edits a key and does not touch its end moves nothing', async ({ ownServer, page }) => {
    await ownServer.cli('key', 'create', '--client-name', 'Acme', '--preset', 'crm', '--expires-at', '2030-06-30T12:34:56.789Z');
    await ownServer.cli('key', 'create', '--client-name', 'Borealis', '--preset', 'crm', '--expires-at', '2030-12-31',
      '--time-zone', 'America/Los_Angeles');
    await openKeys(page, ownServer);
    for (const [client, words, end] of [
      ['Acme', '1 Jul 2030, 02:34, Kiritimati', '2030-06-30T12:34:56.789Z'],
      ['Borealis', '1 Jan 2031, 22:00, Kiritimati', '2031-01-01T08:00:00.000Z'],
    ] as const) {
      await row(page, client).hover();
      await page.getByRole('button', { name: `Edit ${client}` }).click();
      const edit = page.getByRole('dialog', { name: 'Edit API key' });
      await edit.getByText('Advanced').click();
      await expect(edit.getByText(`Stops ${words}`)).toBeVisible();
      await edit.getByRole('textbox', { name: 'Notes' }).fill('Called');
      await edit.getByRole('button', { name: 'Save' }).click();
      await expect(edit).toBeHidden();
      expect(await endOf(ownServer, client)).toBe(end);
      // Also where the list has no room for its column.
      await expect(row(page, client).getByText('Active')).toHaveAttribute('title', `Stops ${words}`);
    }
  });

  test('history and a conflict tell the end by the reader\'s clocks', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    const details = await detailsOf(ownServer, 'Acme');
    await openKeys(page, ownServer);
    await row(page, 'Acme').hover();
    await page.getByRole('button', { name: 'Edit Acme' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit API key' });
    await chooseDay(edit, '2030-12-31');
    await ownServer.cli('key', 'update', details.split('/').pop()!, '--expires-at', '2030-06-30T10:00:00Z');
    await edit.getByRole('button', { name: 'Save' }).click();
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else has changed this key' });
    await expect(conflict).toContainText('30 Jun 2030, 23:59, Kiritimati');
    await expect(conflict).toContainText('31 Dec 2030, 23:59, Kiritimati');
    await page.goto(`${details}/activity`);
    await expect(page.getByRole('region', { name: 'History' })).toContainText('30 Jun 2030, 23:59, Kiritimati');
  });

  test.use({ expectedComplaints: [/Failed to load resource.*status of 412/] });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('days are those of an earlier visit\'s zone, else the installation\'s', async ({ ownServer, page }) => {
    await ownServer.cli('installation', 'set', 'default', '--time-zone', 'America/Los_Angeles');
    await signIn(page, ownServer);
    const make = async (client: string, words: string): Promise<void> => {
      // Another process has set the zone: the server hears of it.
      await expect(async () => {
        await page.goto(`${ownServer.url}/keys?new&preset=crm&client_name=${client}&expires_at=2030-12-31`);
        await expect(page.getByText(`Stops ${words}`)).toBeVisible({ timeout: 1 });
      }).toPass();
      await page.getByRole('button', { name: 'Generate key' }).click();
      await expect(page.getByText(`The API key of ${client} is ready`)).toBeVisible();
      await page.goto(await detailsOf(ownServer, client));
      await expect(page.getByText(`Stops ${words}`)).toBeVisible();
    };
    await make('Acme', '31 Dec 2030, 23:59, Los Angeles');
    expect(await endOf(ownServer, 'Acme')).toBe('2031-01-01T08:00:00.000Z');
    await page.context().addCookies([{ name: 'time_zone', value: 'Pacific/Kiritimati', url: ownServer.url }]);
    await make('Borealis', '31 Dec 2030, 23:59, Kiritimati');
    expect(await endOf(ownServer, 'Borealis')).toBe('2030-12-31T10:00:00.000Z');
    // A zone that nobody knows is the installation's.
    await page.context().addCookies([{ name: 'time_zone', value: 'Mars/Base', url: ownServer.url }]);
    await make('Cobalt', '31 Dec 2030, 23:59, Los Angeles');
  });

  test('the list and a key\'s page write days and times by the reader\'s clocks', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await signIn(page, ownServer);
    // Between these two it is never the same day.
    for (const [zone, place] of [['Pacific/Kiritimati', 'Kiritimati'], ['Pacific/Pago_Pago', 'Pago Pago']] as const) {
      await page.context().addCookies([{ name: 'time_zone', value: zone, url: ownServer.url }]);
      await page.goto(`${ownServer.url}/keys`);
      const created = row(page, 'Acme').locator('time').last();
      const at = new Date((await created.getAttribute('datetime'))!);
      const day = dayIn(zone, at);
      await expect(created).toHaveText(day);
      await expect(created).toHaveAttribute('title', new RegExp(`^${day}, \\d\\d:\\d\\d, ${place}$`));
      await page.goto(await detailsOf(ownServer, 'Acme'));
      await expect(page.getByRole('region', { name: 'Use' }).getByText(new RegExp(`^${day}, .*, ${place}$`)).first()).toBeVisible();
    }
  });
});

test.describe('an Arabic reader', () => {
  test.use({ locale: 'ar-EG', timezoneId: 'Africa/Cairo' });

  test('what is written in their language says so, inside of an English page', async ({ ownServer, page }) => {
    await createKeys(ownServer, 'Acme');
    await ownServer.cli('key', 'create', '--client-name', 'Borealis', '--preset', 'crm', '--expires-at', '2030-12-31');
    await openKeys(page, ownServer);
    const written = (place: Locator) => place.locator('time').last();
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    const created = written(row(page, 'Acme'));
    await expect(created).toHaveAttribute('lang', 'ar-EG');
    await expect(created).toHaveAttribute('dir', 'rtl');
    const stops = row(page, 'Borealis').getByTitle(/^Stops 1 Jan 2031, 02:00, Cairo$/);
    await expect(stops).toHaveCount(1);
    await expect(stops.locator('[lang=ar-EG][dir=rtl]')).toHaveText(/[\u0660-\u0669]/);
    await page.goto(await detailsOf(ownServer, 'Acme'));
    await ready(page);
    const changed = written(page.getByRole('region', { name: 'Use' }));
    await expect(changed).toHaveAttribute('lang', 'ar-EG');
    await expect(changed).toHaveAttribute('dir', 'rtl');
    await expect(changed).toHaveAttribute('title', /[\u0600-\u06ff]/);
  });
});
