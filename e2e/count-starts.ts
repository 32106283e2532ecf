import type { Page } from '@playwright/test';

/** Counts, from the next load on, what a page begins that only a click may begin: as `counts` on every window. */
export async function countStarts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counts = { adapters: 0, workers: 0, connections: 0 };
    Object.assign(window, { counts });
    const gpu = navigator.gpu as GPU | undefined;
    if (gpu) {
      const requestAdapter = gpu.requestAdapter.bind(gpu);
      gpu.requestAdapter = (options) => {
        counts.adapters += 1;
        return requestAdapter(options);
      };
    }
    const { Worker, RTCPeerConnection } = window;
    window.Worker = class extends Worker {
      constructor(...init: ConstructorParameters<typeof Worker>) {
        super(...init);
        counts.workers += 1;
      }
    };
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...init: ConstructorParameters<typeof RTCPeerConnection>) {
        super(...init);
        counts.connections += 1;
      }
    };
  });
}
