import { devices, type PlaywrightTestConfig } from '@playwright/test';

// Debian's Chromium where there is one; Playwright's own otherwise.
const executablePath = process.env.KEYDESK_BROWSER;

/** The settings that the tests, the measurements and the pictures share. */
export const settings: PlaywrightTestConfig = {
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
    // It takes a quarter of the time. For a test that fails: `cargo xtask e2e -- --grep TITLE --trace on`.
    trace: 'off',
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
};
