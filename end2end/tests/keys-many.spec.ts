import { grid, openKeys, seed } from '../lib/keys.ts';
import { expect, test } from '../lib/test.ts';

const KEYS = 100_000;

// A trace of every frame would be most of what is measured here.
test.use({ trace: 'off' });

test('a hundred thousand keys: scroll to the end, search, select them all, delete and restore thousands', async ({ ownServer, page }) => {
  test.setTimeout(600_000);
  await seed(ownServer, KEYS);
  await ownServer.restart();
  await openKeys(page, ownServer);
  await expect(page.getByText('100,001 API keys', { exact: true })).toBeVisible();
  await expect(grid(page)).toHaveAttribute('aria-rowcount', String(KEYS + 2));

  // Scrolls as fast as the browser draws; the list loads one page after the other.
  await page.evaluate(async (last) => {
    while (document.querySelector(`[data-index="${last}"]`) === null) {
      scrollTo(0, document.documentElement.scrollHeight);
      await new Promise(requestAnimationFrame);
    }
  }, KEYS);
  await expect(grid(page).locator(`[data-index="${KEYS}"]`)).toBeInViewport();
  // The document holds the visible rows and a few more.
  expect(await grid(page).getByRole('row').count()).toBeLessThan(120);

  await page.evaluate(() => scrollTo(0, 0));
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  const name = await grid(page).locator('[data-index="7"] bdi').textContent();
  await search.fill(name!);
  await expect(page).toHaveURL(/search=/);
  await expect(grid(page).locator('[data-index="0"] bdi')).toContainText(name!);

  await search.fill('');
  await expect(page.getByText('100,001 API keys', { exact: true })).toBeVisible();
  await grid(page).getByRole('checkbox', { name: 'Select all' }).check();
  await page.getByRole('button', { name: 'Select all 100,000 keys that match' }).click();
  await expect(page.getByText('100,000 selected')).toBeVisible();
  await page.getByRole('button', { name: 'Clear selection' }).click();

  // Names are made of twenty first words, so that this is about every twentieth.
  await search.fill('acme');
  await expect(page).toHaveURL(/search=acme/);
  await grid(page).getByRole('checkbox', { name: 'Select all' }).check();
  await page.getByRole('button', { name: /^Select all .* keys that match$/ }).click();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  const asked = page.getByRole('alertdialog', { name: 'Delete API keys' });
  const shown = await asked.getByText(/^[45],\d{3} API keys will stop working at once:$/).textContent();
  await asked.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText(`Deleted ${shown!.split(' ')[0]} API keys`, { exact: true })).toBeVisible();
  await expect(page.getByText('No API keys match "acme"')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(grid(page).locator('[data-index="0"] bdi')).toContainText('Acme');
});
