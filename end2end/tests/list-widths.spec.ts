import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys, detailsOf, grid, openKeys, row } from '../lib/keys.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const LONG = 'A client whose name is as long as names of clients sometimes are, in Zürich';
const SIZES = [
  { width: 320, height: 640 },
  { width: 360, height: 740 },
  { width: 390, height: 844 },
  // 1280 by 1024 at four times its size.
  { width: 320, height: 256 },
  { width: 600, height: 800 },
  { width: 768, height: 1024 },
  { width: 1024, height: 768 },
  { width: 1280, height: 800 },
  { width: 1440, height: 900 },
];
/** WCAG 1.4.12. */
const SPACED = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
  p { margin-block-end: 2em !important; }`;

/** Acme is disabled, and the other has a long name. */
async function open(page: Page, server: Server): Promise<void> {
  await createKeys(server, 'Acme', LONG);
  const id = (await detailsOf(server, 'Acme')).split('/').pop()!;
  await server.cli('key', 'disable', id);
  await openKeys(page, server);
}

/** The parts of a row that no width leaves out. */
function parts(of: Locator): Record<string, Locator> {
  return {
    name: of.locator('bdi'),
    status: of.locator('.c-status .state'),
    hint: of.locator('code'),
    access: of.locator('.c-access .clip'),
    used: of.locator('.c-used time, .c-used .faint').first(),
  };
}

/** What is wrong with the rows as they are drawn: text that overlaps other text, or lies outside of its row. */
function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    for (const row of document.querySelectorAll('.grid-rows > [role=row]')) {
      const own = row.getBoundingClientRect();
      const boxes: { text: string; cell: Element; box: DOMRect }[] = [];
      for (const cell of row.querySelectorAll('[role=gridcell]')) {
        const within = cell.getBoundingClientRect();
        if (within.width === 0) continue;
        for (const element of cell.querySelectorAll('bdi, code, .badge, .about, .clip, .state:not(.unseen), time, .faint, button, input')) {
          // A name of several lines has a box for each.
          for (const box of element.getClientRects()) {
            if (box.width === 0) continue;
            boxes.push({ text: element.textContent || element.tagName, cell, box });
            const beyond = box.right > within.right + 1 || box.left < within.left - 1;
            if (beyond) faults.push(`${element.textContent || element.tagName} leaves its cell`);
            if (box.bottom > own.bottom + 1 || box.top < own.top - 1) faults.push(`${element.textContent} leaves its row`);
          }
        }
      }
      for (const [at, one] of boxes.entries()) {
        for (const other of boxes.slice(at + 1)) {
          if (one.cell.contains(other.cell) && one.cell !== other.cell) continue;
          const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
          const height = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
          if (width > 1 && height > 1) faults.push(`${one.text} overlaps ${other.text}`);
        }
      }
    }
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide > 0) faults.push(`the page is ${wide} pixels too wide`);
    return faults;
  });
}

test('at every width a row shows name, status, hint, access and last use, the name first', async ({ ownServer, page }) => {
  await open(page, ownServer);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const acme = row(page, 'Acme');
    await acme.scrollIntoViewIfNeeded();
    await expect(acme.getByText('Disabled', { exact: true }), `at ${size.width}`).toBeVisible();
    const found = parts(acme);
    const top = (await found.name!.boundingBox())!;
    for (const [part, locator] of Object.entries(found)) {
      await expect(locator, `${part} at ${size.width}`).toBeVisible();
      const box = (await locator.boundingBox())!;
      expect(box.width, `${part} at ${size.width}`).toBeGreaterThan(15);
      const after = box.y > top.y + 4 || box.x >= top.x;
      expect(after, `${part} follows the name at ${size.width}`).toBe(true);
    }
    expect(await faults(page), `at ${size.width}`).toEqual([]);
  }
});

test('a key that is shown covers nothing, at any width', async ({ ownServer, page }) => {
  const [key] = await createKeys(ownServer, 'Acme', 'Borealis');
  await openKeys(page, ownServer);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const acme = row(page, 'Acme');
    await acme.hover();
    await acme.getByRole('button', { name: 'Reveal' }).click();
    const shown = acme.getByText(key!);
    await expect(shown).toBeVisible();
    expect(await faults(page), `at ${size.width}`).toEqual([]);
    const whole = await shown.evaluate((code) => code.scrollWidth <= code.clientWidth + 1);
    expect(whole, `all of the key is seen at ${size.width}`).toBe(true);
    await acme.getByRole('button', { name: 'Hide' }).click();
    await expect(shown).toBeHidden();
  }
});

test.describe('with other spacing', () => {
  test.use({ bypassCSP: true });

  test('text that is spaced out loses nothing', async ({ ownServer, page }) => {
    await open(page, ownServer);
    await page.addStyleTag({ content: SPACED });
    for (const size of SIZES) {
      await page.setViewportSize(size);
      expect(await faults(page), `at ${size.width}`).toEqual([]);
      const clipped = await page.evaluate(() =>
        [...document.querySelectorAll('.grid-rows :is(.badge, code, time, .clip, .state)')]
          .filter((part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 2)
          .filter((part) => getComputedStyle(part).display !== 'inline' && part.getBoundingClientRect().width > 1)
          .map((part) => part.textContent),
      );
      expect(clipped, `at ${size.width}`).toEqual([]);
    }
  });
});

test('the selection and its head stay in sight on the smallest screen, and leave room for rows', async ({ ownServer, page }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  await createKeys(ownServer, 'Acme', 'Borealis', 'Cobalt', 'Dunmore');
  await openKeys(page, ownServer);
  await row(page, 'Acme').getByRole('checkbox').check();
  await row(page, 'Dunmore').scrollIntoViewIfNeeded();
  const bar = page.getByRole('group', { name: 'Selection' });
  await expect(bar).toBeInViewport();
  await bar.getByRole('button', { name: 'Clear selection' }).focus();
  await expect(bar.getByRole('button', { name: 'Clear selection' })).toBeInViewport({ ratio: 1 });
  const cell = page.getByRole('gridcell', { name: 'Borealis', exact: true });
  await cell.focus();
  const covered = await cell.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const seen = document.elementFromPoint(box.left + 10, box.top + box.height / 2);
    return !(seen !== null && element.contains(seen));
  });
  expect(covered, 'nothing covers what has the focus').toBe(false);
});

for (const theme of ['light', 'dark'] as const) {
  for (const forced of ['none', 'active'] as const) {
    test(`axe finds nothing in the ${theme} list on narrow screens, forced colours ${forced}`, async ({ ownServer, page }) => {
      await page.emulateMedia({ colorScheme: theme, forcedColors: forced });
      await open(page, ownServer);
      for (const width of [320, 390, 768]) {
        await page.setViewportSize({ width, height: 800 });
        await ready(page);
        await expectAccessible(page);
      }
      await row(page, 'Acme').getByRole('checkbox').check();
      await expectAccessible(page);
      await expect(grid(page)).toBeVisible();
    });
  }
}
