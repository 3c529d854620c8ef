import { defineConfig } from '@playwright/test';
import { settings } from '../lib/settings.ts';

// One after the other, so that nothing else is measured with it.
export default defineConfig({ ...settings, testDir: '.', fullyParallel: false, workers: 1 });
