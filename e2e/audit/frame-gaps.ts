import type { Page } from '@playwright/test';

/** 95th percentile of the times between a page's frames over a while, in milliseconds. */
export async function frameGaps(page: Page, forMs: number): Promise<number> {
  return page.evaluate(async (forMs) => {
    const gaps: number[] = [];
    const startMs = performance.now();
    let beforeMs = startMs;
    while (beforeMs - startMs < forMs) {
      const nowMs = await new Promise<number>((done) => requestAnimationFrame(() => done(performance.now())));
      gaps.push(nowMs - beforeMs);
      beforeMs = nowMs;
    }
    return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length * 0.95)] ?? Number.POSITIVE_INFINITY;
  }, forMs);
}
