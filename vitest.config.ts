import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { requireChromium, WEBGPU_FLAGS } from './e2e/chromium.ts';
import { relayCommands } from './e2e/relay-commands.ts';
import { browserShims } from './vite.shims.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/**/*.test.ts', 'models/**/*.test.ts'],
          exclude: ['src/**/*.gpu.test.ts', 'src/**/*.page.test.ts'],
          setupFiles: ['./src/base/with-resolvers.ts'],
          testTimeout: 30_000,
        },
      },
      {
        ...browserShims,
        server: { fs: { allow: ['.', '../shared'] } },
        test: {
          name: 'gpu',
          include: ['src/**/*.gpu.test.ts', 'src/**/*.page.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { ...relayCommands },
            provider: playwright({ launchOptions: { executablePath: requireChromium(), args: WEBGPU_FLAGS } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
