import type { Page } from '@playwright/test';

/** Asks again and again, so that work never ends by itself. @returns once the first word of an answer came */
export const keepAsking = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<string>((begun, failed) => {
        const messages = [{ role: 'user', content: 'Tell me everything.' }] as const;
        const choices = ['qzxjvkw'.repeat(40)];
        void (async () => {
          for (;;) {
            await window.Starling?.complete(messages, { choices, maxTokens: 400, onText: begun });
          }
        })().catch(failed);
      }),
  );

/** The ways in which work ends at once. Each runs in the page and returns when it was called. */
export const STOPS = {
  pause: () => {
    const nowMs = Date.now();
    window.Starling?.pause();
    return nowMs;
  },
  revoke: () => {
    const nowMs = Date.now();
    window.Starling?.revoke();
    return nowMs;
  },
  'taking the badge away': () => {
    const nowMs = Date.now();
    document.querySelector('iframe[title=Starling]')?.remove();
    return nowMs;
  },
} as const;
