import { defineConfig } from '@playwright/test';
import { settings } from './lib/settings.ts';

// What each example does is tested with everything else; what is told of them in many languages, which takes as long again, by
// `cargo xtask examples`.
const examples = ['crm', 'workforce-management', 'quality-assurance', 'business-intelligence', 'live-widget'];
const isAll = process.env.KEYDESK_EXAMPLES === 'all';

export default defineConfig({
  ...settings,
  testDir: 'tests',
  projects: [
    // The longest first, so that the others run beside it.
    { name: 'many', testMatch: 'keys-many.spec.ts' },
    // They wait for contact centres, most of the time.
    { name: 'examples', testMatch: isAll ? 'examples/*.spec.ts' : examples.map((name) => `examples/${name}.spec.ts`) },
    { name: 'chromium', testIgnore: ['keys-many.spec.ts', 'examples/*.spec.ts'] },
  ],
});
