import { expect, test as base, type Page } from '@playwright/test';
import { startServer, type Server } from './server.ts';

export { expect };

interface PerTest {
  /** Complaints in the browser's console that this test brings about on purpose. */
  expectedComplaints: RegExp[];
  /** The configuration file of `ownServer`. */
  config: string | undefined;
  /** A server for this test alone, for tests that change what others rely on. */
  ownServer: Server;
  complaints: void;
}

interface PerWorker {
  /** A server shared by the tests of one worker. */
  server: Server;
}

/** Playwright's `test`, with a server, and failing on anything that the browser complains about. */
export const test = base.extend<PerTest, PerWorker>({
  server: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],

  config: [undefined, { option: true }],

  ownServer: async ({ context, config }, use) => {
    const server = await startServer({ config });
    await use(server);
    // A page that is still open would complain that its server went away.
    await Promise.all(context.pages().map((page) => page.close()));
    await server.stop();
  },

  expectedComplaints: [[], { option: true }],

  complaints: [
    async ({ context, expectedComplaints }, use) => {
      const seen: string[] = [];
      context.on('console', (message) => {
        if (message.type() === 'error') seen.push(`console: ${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => seen.push(`uncaught: ${error.error().stack ?? error.error().message}`));
      await use();
      const unexpected = seen.filter((complaint) => !expectedComplaints.some((expected) => expected.test(complaint)));
      expect(unexpected, 'the browser complained').toEqual([]);
    },
    { auto: true },
  ],
});

/** Waits until the page is hydrated: before that, a click would meet HTML without behaviour. */
export async function ready(page: Page): Promise<void> {
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
}
