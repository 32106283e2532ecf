import type { Clock } from './clock.ts';

interface Timer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly run: () => void;
}

/** A clock that moves only when a test says so. */
export interface FakeClock extends Clock {
  /** Moves time on, firing due timers in order and letting promises settle between them. */
  advance(ms: number): Promise<void>;
}

/** @param startMs milliseconds since the Unix epoch */
export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const add = (delayMs: number, periodMs: number | undefined, run: () => void) => {
    const timer: Timer = { dueMs: nowMs + delayMs, periodMs, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => nowMs,
    after: (delayMs, run) => add(delayMs, undefined, run),
    every: (periodMs, run) => add(periodMs, periodMs, run),
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...timers].filter((t) => t.dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];
        if (!next) break;
        nowMs = Math.max(nowMs, next.dueMs);
        if (next.periodMs === undefined) timers.delete(next);
        else next.dueMs += next.periodMs;
        next.run();
        await settle();
      }
      nowMs = endMs;
    },
  };
}
