import type { Clock } from '../../base/clock.ts';

/** Rests between steps, so that work for others takes no more than a share of the GPU's time. */
export interface DutyPace {
  /** 0 to 1; taken up at once, also by a rest under way. */
  share: number;
  /** Notes time for which the GPU worked. */
  worked(ms: number): void;
  /** Resolves when the next step may begin: at once below a window's worth of debt, never while the share is 0. */
  rest(): Promise<void>;
  /** Ends a rest under way: there is something to do that need not wait. */
  wake(): void;
}

/**
 * Work and rest make up windows of this length: long enough for timers, short enough that neither a fan nor the picture
 * on the screen follows them. Milliseconds.
 */
const WINDOW_MS = 50;

export function createDutyPace(clock: Pick<Clock, 'after'>): DutyPace {
  let share = 1;
  let debtMs = 0;
  let resting: { readonly promise: Promise<void>; readonly end: () => void } | undefined;

  const restFor = (ms: number | undefined) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = ms === undefined ? undefined : clock.after(ms, () => end());
    const end = () => {
      cancel?.();
      resting = undefined;
      resolve();
    };
    resting = { promise, end };
    return promise;
  };

  return {
    get share() {
      return share;
    },
    set share(value) {
      share = Math.min(1, Math.max(0, value));
      // What was owed at another share is forgiven: a long rest must not outlive its reason.
      debtMs = 0;
      resting?.end();
    },
    worked(ms) {
      if (share > 0) debtMs += ms * (1 / share - 1);
    },
    async rest() {
      if (resting) return resting.promise;
      if (share === 0) return restFor(undefined);
      if (debtMs === 0 || debtMs < WINDOW_MS * (1 - share)) return;
      const owedMs = debtMs;
      debtMs = 0;
      await restFor(owedMs);
    },
    wake: () => resting?.end(),
  };
}
