import { defineConfig } from '@playwright/test';
import { settings } from './lib/settings.ts';

export default defineConfig({
  ...settings,
  testDir: 'tests',
  projects: [
    // The longest first, so that the others run beside it.
    { name: 'many', testMatch: 'keys-many.spec.ts' },
    // They wait for contact centres, most of the time.
    { name: 'examples', testMatch: 'examples/*.spec.ts' },
    { name: 'chromium', testIgnore: ['keys-many.spec.ts', 'examples/*.spec.ts'] },
  ],
});
