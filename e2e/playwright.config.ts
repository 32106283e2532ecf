import { defineConfig } from '@playwright/test';
import { requireChromium, WEBGPU_FLAGS } from './chromium.ts';

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results/journeys',
  // Two cores and a software GPU: journeys are about what happens, never about how fast.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  workers: 1,
  // Three browsers on two cores: one more try, and the report names whatever needed it as flaky.
  retries: 1,
  reporter: [['list'], ['json', { outputFile: '../test-results/reports/journeys.json' }]],
  use: {
    launchOptions: { executablePath: requireChromium(), args: WEBGPU_FLAGS },
    viewport: { width: 1280, height: 900 },
  },
});
