// The browser's part of docs/performance.md: `cargo xtask bench --browser`.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { grid, seed } from '../lib/keys.ts';
import { createPerson, signIn } from '../lib/person.ts';
import { startServer, type Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

const run = promisify(execFile);

const KEYS = 100_000;
const VISITS = 7;
const SLOWER = 4;
const DEBUGGING_PORT = 9333;
const TYPED = ['acme dental', 'northwind', 'vora hotels', 'crm 0412', 'quartz', 'pharma', 'kestrel networks', '0999', 'zebra', 'lumen'];

test.describe.configure({ mode: 'default' });
test.use({ trace: 'off' });
test.setTimeout(600_000);

let server: Server;

test.beforeAll(async () => {
  server = await startServer();
  await seed(server, KEYS);
  await server.restart();
  await createPerson(server);
});

test.afterAll(() => server.stop());

function say(what: string, value: string): void {
  console.log(`| ${what} | ${value} |`);
}

function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

function milliseconds(numbers: number[]): string {
  return `p50 ${quantile(numbers, 0.5).toFixed(0)} ms, p95 ${quantile(numbers, 0.95).toFixed(0)} ms (${numbers.length})`;
}

async function visit(page: Page): Promise<void> {
  await page.goto(`${server.url}/keys`);
  await ready(page);
  await expect(page.getByText('100,001 API keys')).toBeVisible();
}

test('bytes of a first visit', async ({ page }) => {
  await signIn(page, server);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  const urls = new Map<string, string>();
  const bytes = new Map<string, number>();
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, new URL(request.url).pathname));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const name = (urls.get(requestId) ?? '').replace(/\.[0-9a-f]{16}/, '');
    bytes.set(name, (bytes.get(name) ?? 0) + encodedDataLength);
  });
  await visit(page);
  await page.waitForLoadState('networkidle');
  const all = [...bytes.values()].reduce((sum, size) => sum + size, 0);
  say('bytes over the wire, headers included', `${(all / 1000).toFixed(1)} KB`);
  for (const [name, size] of bytes) say(`of it ${name}`, `${(size / 1000).toFixed(1)} KB`);
  say('requests', String(urls.size));
});

test('painted and hydrated', async ({ browser }) => {
  const painted: number[] = [];
  const hydrated: number[] = [];
  for (let time = 0; time < VISITS; time++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, server);
    const cdp = await context.newCDPSession(page);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.addInitScript(() => {
      const seen = { painted: 0, hydrated: 0 };
      Object.assign(globalThis, { seen });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.painted = entry.startTime;
      }).observe({ type: 'largest-contentful-paint', buffered: true });
      const marked = new MutationObserver(() => {
        if (!document.documentElement.hasAttribute('data-hydrated')) return;
        seen.hydrated = performance.now();
        marked.disconnect();
      });
      marked.observe(document, { attributes: true, subtree: true, attributeFilter: ['data-hydrated'] });
    });
    await visit(page);
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: { painted: number; hydrated: number } }).seen);
    painted.push(seen.painted);
    hydrated.push(seen.hydrated);
    await context.close();
  }
  say(`largest paint, ${SLOWER}x slower CPU`, milliseconds(painted));
  say(`hydrated, ${SLOWER}x slower CPU`, milliseconds(hydrated));
});

interface Report {
  finalDisplayedUrl: string;
  categories: Record<string, { score: number | null; auditRefs: { id: string }[] }>;
  audits: Record<string, { score: number | null; title: string; displayValue?: string }>;
}

/** Lighthouse on the keys' page, in the browser that is signed in. */
async function lighthouse(options: string[]): Promise<Report> {
  const program = resolve(import.meta.dirname, '../lighthouse/node_modules/lighthouse/cli/index.js');
  const { stdout } = await run(
    process.execPath,
    [
      ...[program, `${server.url}/keys`, `--port=${DEBUGGING_PORT}`, '--disable-storage-reset', '--quiet', '--output=json'],
      ...['--only-categories=performance,accessibility', ...options],
    ],
    { maxBuffer: 1 << 26 },
  );
  return JSON.parse(stdout) as Report;
}

test('Lighthouse', async ({}, { project }) => {
  const { launchOptions } = project.use;
  const port = `--remote-debugging-port=${DEBUGGING_PORT}`;
  const context: BrowserContext = await chromium.launchPersistentContext('', {
    ...launchOptions,
    args: [...(launchOptions?.args ?? []), port],
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await signIn(page, server);
    for (const device of ['phone', 'desktop']) {
      const { categories, audits, finalDisplayedUrl } = await lighthouse(device === 'desktop' ? ['--preset=desktop'] : []);
      expect(finalDisplayedUrl).toBe(`${server.url}/keys`);
      for (const name of ['performance', 'accessibility'] as const) {
        say(`Lighthouse ${name}, ${device}`, ((categories[name]?.score ?? 0) * 100).toFixed(0));
      }
      for (const id of ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift', 'speed-index']) {
        say(`of it ${id}, ${device}`, audits[id]?.displayValue ?? '');
      }
      for (const { id } of categories.accessibility?.auditRefs ?? []) {
        if (audits[id]?.score === 0) say(`accessibility: ${id}, ${device}`, audits[id].title);
      }
    }
  } finally {
    await context.close();
  }
});

test('a key press until the new rows are painted', async ({ page }) => {
  await signIn(page, server);
  await visit(page);
  await page.evaluate(() => {
    const times: number[] = [];
    let pressed: number | undefined;
    Object.assign(globalThis, { times });
    addEventListener('keydown', (event) => (pressed = event.timeStamp), true);
    const list = document.querySelector('.list')!;
    new MutationObserver(() => {
      if (list.getAttribute('aria-busy') !== 'false' || pressed === undefined) return;
      const from = pressed;
      pressed = undefined;
      requestAnimationFrame(() => {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => times.push(performance.now() - from);
        painted.port2.postMessage(undefined);
      });
    }).observe(list, { attributes: true, attributeFilter: ['aria-busy'] });
  });
  const times = () => page.evaluate(() => (globalThis as unknown as { times: number[] }).times);
  const search = page.getByRole('searchbox', { name: 'Quick Search' });
  let presses = 0;
  for (const text of TYPED) {
    await search.focus();
    for (const letter of text) {
      await page.keyboard.press(letter === ' ' ? 'Space' : letter);
      // A space at the end does not change the search.
      if (letter === ' ') continue;
      presses += 1;
      await expect.poll(async () => (await times()).length, { intervals: [10] }).toBe(presses);
    }
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Backspace');
    presses += 1;
    await expect.poll(async () => (await times()).length, { intervals: [10] }).toBe(presses);
  }
  say('search, from the key press to the painted rows', milliseconds(await times()));
});

/** Scrolls by `step` pixels with each frame, and returns how long each frame took. */
function scroll(page: Page, step: number, frames: number): Promise<number[]> {
  return page.evaluate(
    async ([step, frames]) => {
      const times: number[] = [];
      let last = await new Promise<number>(requestAnimationFrame);
      for (let frame = 0; frame < frames!; frame++) {
        scrollBy(0, step!);
        const now = await new Promise<number>(requestAnimationFrame);
        times.push(now - last);
        last = now;
      }
      return times;
    },
    [step, frames],
  );
}

/** Memory that the tab's process alone has, in MiB. */
async function memory(page: Page): Promise<string> {
  const cdp: CDPSession = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(async ({ id }) => {
      const rollup = await readFile(`/proc/${id}/smaps_rollup`, 'utf8');
      const kib = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, size]) => Number(size));
      return kib.reduce((sum, size) => sum + size, 0) / 1024;
    });
  return `${Math.max(...(await Promise.all(sizes))).toFixed(0)} MiB`;
}

test('scrolling', async ({ page }) => {
  await signIn(page, server);
  await visit(page);
  say('memory of the tab, first page', await memory(page));
  const report = (what: string, times: number[]) =>
    say(`${what}, longest frame`, `${Math.max(...times).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms (${times.length})`);
  report('wheel through the first keys as they load', await scroll(page, 240, 600));
  await page.evaluate(async (last) => {
    while (document.querySelector(`[data-index="${last}"]`) === null) {
      scrollTo(0, document.documentElement.scrollHeight);
      await new Promise(requestAnimationFrame);
    }
  }, KEYS);
  await expect(grid(page).locator(`[data-index="${KEYS}"]`)).toBeInViewport();
  say('memory of the tab, all keys loaded', await memory(page));
  report('wheel up among all keys', await scroll(page, -240, 600));
  report('scrollbar dragged through all keys', await scroll(page, -12_000, 330));
});
