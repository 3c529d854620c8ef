import { expect, type Page } from '@playwright/test';

/** What of the focused control can't be seen, if anything. */
function hidden(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const focused = document.activeElement!;
    if (focused === document.body || focused.matches('dialog')) return undefined;
    const { left, right, top, bottom } = focused.getBoundingClientRect();
    const said = `${focused.outerHTML.slice(0, 120)} at ${Math.round(left)},${Math.round(top)} to ${Math.round(right)},${Math.round(bottom)}`;
    const xs = [left + 3, (left + right) / 2, right - 3];
    const ys = [top + 3, (top + bottom) / 2, bottom - 3];
    for (const x of xs) {
      for (const y of ys) {
        const hit = document.elementFromPoint(x, y);
        if (!hit || !(focused.contains(hit) || hit.contains(focused))) return `${said} is under ${hit?.outerHTML.slice(0, 80)}`;
        if (hit !== focused && hit.matches('dialog, form')) return `${said} is cut off`;
      }
    }
    return undefined;
  });
}

/** Tabs once round the open dialog, forwards and backwards, and says of which stops a part is hidden. */
export async function hiddenStops(page: Page, title: string): Promise<string[]> {
  await expect(page.locator('dialog:modal')).not.toHaveCount(0);
  const found: string[] = [];
  for (const key of ['Tab', 'Shift+Tab']) {
    const seen = await page.evaluateHandle(() => new Set<Element>());
    do {
      await page.keyboard.press(key);
      const problem = await hidden(page);
      if (problem) found.push(`${title}, ${key}: ${problem}`);
    } while (await seen.evaluate((stops) => stops.size < stops.add(document.activeElement!).size));
  }
  return found;
}
