import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { startCentre } from '../lib/examples.ts';
import { choose } from '../lib/keys.ts';
import { signIn } from '../lib/person.ts';
import { expect, ready, test } from '../lib/test.ts';

/** `animate.py` puts them together: each is called by its number and for how many milliseconds it is shown. */
const FRAMES = resolve(import.meta.dirname, '../../target/xtask/first-call');
const FACES = ':root { --font: "Inter", system-ui, sans-serif; --mono: "JetBrains Mono", ui-monospace, monospace; }';
const TERMINAL = `<style>
  body { margin: 0; padding: 28px 32px; background: #12161c; color: #d7dee8; font: 16px/1.6 "JetBrains Mono", ui-monospace, monospace; }
  pre { margin: 0 0 12px; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; } .typed { color: #fff; } .typed::before { content: "$ "; color: #6cc7a0; }
</style>`;

test.use({ viewport: { width: 1000, height: 620 }, bypassCSP: true });

test('the recording of the README: a key is made, and the first call finds a caller', async ({ page }) => {
  test.setTimeout(120_000);
  await rm(FRAMES, { recursive: true, force: true });
  await mkdir(FRAMES, { recursive: true });
  const centre = await startCentre({ days: 1 });
  try {
    let frames = 0;
    const frame = async (milliseconds: number) => {
      const number = String(++frames).padStart(3, '0');
      await page.screenshot({ path: join(FRAMES, `${number}-${milliseconds}.png`) });
    };
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await signIn(page, centre.server);
    await page.goto(`${centre.workspace}/keys`);
    await ready(page);
    await page.addStyleTag({ content: FACES });
    await frame(1_200);
    await page.getByRole('button', { name: 'Add API key' }).click();
    const add = page.getByRole('dialog', { name: 'Add API key' });
    await expect(add).toBeVisible();
    await page.addStyleTag({ content: FACES });
    await frame(800);
    const name = add.getByRole('textbox', { name: 'Client Name' });
    for (const text of ['Ac', 'Acme', 'Acme CRM']) {
      await name.fill(text);
      await frame(200);
    }
    await choose(add, 'CRM');
    await frame(900);
    await add.getByText('Advanced').click();
    await add.getByRole('combobox', { name: 'Environment' }).selectOption('test', { timeout: 5_000 });
    await frame(1_200);
    await add.getByRole('button', { name: 'Generate key' }).click();
    const made = add.getByText(/ccc_test_[0-9A-Za-z]{36}/);
    await expect(made).toBeVisible();
    await page.addStyleTag({ content: FACES });
    const key = /ccc_test_[0-9A-Za-z]{36}/.exec(await made.innerText())![0];
    await frame(2_500);

    // What it shows is what was run, and what came back.
    const shell = async (line: string): Promise<string> => {
      const env = { ...process.env, KEYDESK_KEY: key, GATEWAY: centre.gateway };
      const { stdout } = await promisify(execFile)('bash', ['-c', line], { env });
      return stdout.trim();
    };
    const screen: [kind: string, text: string][] = [];
    const show = (more: [string, string][]) => terminal(page, [...screen, ...more]);
    const contacts = await shell('curl -s "$GATEWAY/v1/contacts?limit=1" -H "Authorization: Bearer $KEYDESK_KEY"');
    const phone = /"raw":"([^"]+)"/.exec(contacts)![1];
    const line = `curl -sG "$GATEWAY/v1/contacts/lookup" \\\n    -H "Authorization: Bearer $KEYDESK_KEY" \\\n    --data-urlencode "phone=${phone}"`;
    screen.push(['typed', `export KEYDESK_KEY=${key.slice(0, 13)}…`]);
    await show([]);
    await frame(900);
    for (const part of [line.slice(0, 40), line.slice(0, 90)]) {
      await show([['typed', part]]);
      await frame(250);
    }
    screen.push(['typed', line]);
    await show([]);
    await frame(900);
    const answer = JSON.parse(await shell(line)) as { matches: unknown[] };
    expect(answer.matches.length).toBeGreaterThan(0);
    screen.push(['', JSON.stringify(answer, null, 2).split('\n').slice(0, 16).join('\n')]);
    await show([]);
    await frame(4_000);
  } finally {
    await centre.stop();
  }
});

async function terminal(page: Page, lines: [kind: string, text: string][]): Promise<void> {
  await page.setContent(TERMINAL);
  await page.evaluate((shown) => {
    for (const [kind, text] of shown) {
      const line = document.createElement('pre');
      line.className = kind;
      line.textContent = text;
      document.body.append(line);
    }
  }, lines);
}
