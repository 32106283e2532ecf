/** Counts tokens and their rate over the last seconds. */
export interface TokenRate {
  readonly total: number;
  add(count: number): void;
  perSecond(): number;
}

const WINDOW_MS = 5000;

/** @param now milliseconds on a clock that never goes back */
export function createTokenRate(now: () => number): TokenRate {
  const recent: { readonly atMs: number; readonly count: number }[] = [];
  let total = 0;
  const forget = () => {
    const sinceMs = now() - WINDOW_MS;
    while (recent[0] && recent[0].atMs < sinceMs) recent.shift();
  };
  return {
    get total() {
      return total;
    },
    add(count) {
      if (count === 0) return;
      total += count;
      recent.push({ atMs: now(), count });
      forget();
    },
    perSecond() {
      forget();
      const spanMs = Math.min(WINDOW_MS, Math.max(1, now() - (recent[0]?.atMs ?? now())));
      return recent.length < 2 ? 0 : (recent.reduce((sum, { count }) => sum + count, 0) * 1000) / spanMs;
    },
  };
}
