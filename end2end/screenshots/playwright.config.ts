import { defineConfig } from '@playwright/test';
import { settings } from '../lib/settings.ts';

export default defineConfig({ ...settings, testDir: '.' });
