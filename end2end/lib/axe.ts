import axe from 'axe-core';
import { expect, type Page } from '@playwright/test';

/** Fails on anything that axe finds on the page as it stands, or in a part of it. */
export async function expectAccessible(page: Page, part?: string): Promise<void> {
  // Elements that fade in are measured afterwards.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  await page.evaluate(axe.source);
  const found = await page.evaluate(async (within) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(within ?? document);
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, part);
  expect(found, 'axe found').toEqual([]);
}
