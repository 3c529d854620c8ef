import { defineConfig, devices } from '@playwright/test';

// Debian's Chromium where there is one; Playwright's own otherwise.
const executablePath = process.env.KEYDESK_BROWSER;

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    ...devices['Desktop Chrome'],
    locale: 'en-GB',
    timezoneId: 'Europe/Zurich',
    trace: 'retain-on-failure',
    video: 'off',
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    // The longest first, so that the others run beside it.
    { name: 'many', testMatch: 'keys-many.spec.ts' },
    { name: 'chromium', testIgnore: ['keys-many.spec.ts', 'measure.spec.ts', 'screenshots.spec.ts'] },
    { name: 'measure', testMatch: 'measure.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.spec.ts' },
  ],
});
