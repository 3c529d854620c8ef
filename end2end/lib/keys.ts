import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, type Locator, type Page } from '@playwright/test';
import { signIn } from './person.ts';
import type { Server } from './server.ts';
import { ready } from './test.ts';

const run = promisify(execFile);

/** Makes keys on the command line, and returns them in full. */
export async function createKeys(server: Server, ...names: string[]): Promise<string[]> {
  const keys: string[] = [];
  for (const name of names) {
    const printed = await server.cli('key', 'create', '--client-name', name, '--preset', 'crm', '--json');
    keys.push((JSON.parse(printed) as { key: string }).key);
  }
  return keys;
}

/** The address of a client's page. */
export async function detailsOf(server: Server, client: string): Promise<string> {
  const listed = await server.cli('key', 'list', '--search', client, '--json');
  const { items } = JSON.parse(listed) as { items: { id: string; kind: string }[] };
  return `${server.url}/keys/${items.find((key) => key.kind === 'issued')!.id}`;
}

/** The addresses that open the dialogs of a key's page, once there is something for each of them to ask. */
export async function dialogAddresses(page: Page, server: Server, details: string): Promise<string[]> {
  const id = details.split('/').at(-1)!;
  await server.cli('key', 'rotate', id, '--overlap', '7d');
  await server.cli('key', 'handover', id);
  await page.goto(`${details}/activity`);
  const withdraw = await page.getByRole('link', { name: 'Withdraw link' }).getAttribute('href');
  const dialogs = ['rotate', 'hand-over', 'token', 'disable', 'delete'].map((open) => `${details}?open=${open}`);
  return [...dialogs, `${details}/activity?open=end-overlap`, `${server.url}${withdraw}`];
}

/** Opens a tab of a key's page, and waits until it shows what it has. */
export async function openTab(page: Page, name: 'Settings' | 'Activity'): Promise<void> {
  const tab = page.getByRole('tab', { name, exact: true });
  await tab.click();
  await expect(tab).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('tabpanel', { name, exact: true })).toBeVisible();
}

/** Fails if anything of the page is wider than the screen. */
export async function expectToFit(page: Page, what = 'the page'): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, `${what} is wider than the screen`).toBeLessThanOrEqual(0);
}

/** Fills a server's data with many keys, which takes some seconds for each ten thousand. */
export async function seed(server: Server, keys: number): Promise<void> {
  const program = process.env.KEYDESK_SEED ?? resolve(import.meta.dirname, '../../target/debug/examples/seed');
  await run(program, [`sqlite:${server.dataDir}/keydesk.db`, server.dataDir, String(keys)]);
}

/** Signs in and opens the keys' page, hydrated. */
export async function openKeys(page: Page, server: Server, query = ''): Promise<void> {
  await signIn(page, server);
  await page.goto(`${server.url}/keys${query}`);
  await ready(page);
}

/** Chooses the integration of a new key: none is chosen before. */
export async function choose(dialog: Locator, integration = 'CRM'): Promise<void> {
  await dialog.getByRole('radiogroup', { name: 'Integration' }).getByRole('radio', { name: integration, exact: true }).check();
}

export function grid(page: Page): Locator {
  return page.getByRole('grid', { name: 'API keys' });
}

/** The row of a client. */
export function row(page: Page, name: string): Locator {
  return grid(page).getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
}

/** The clients as they stand in the grid, without the Default API Key. */
export async function names(page: Page): Promise<string[]> {
  const all = await grid(page).locator('[data-stop="name"] bdi').allTextContents();
  return all.filter((name) => name !== 'Default API Key');
}

/** Chooses a column of the list, or leaves it out. */
export async function toggleColumn(page: Page, column: string): Promise<void> {
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menu', { name: 'Columns' }).getByRole('menuitemcheckbox', { name: column }).click();
  await page.keyboard.press('Escape');
}

/** Asks over REST whether a key may do something, as a third party's server would. */
export async function verify(server: Server, key: string, caller: string): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/keys/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { code: string }).code;
}
