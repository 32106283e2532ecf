import type { Signals } from './signals.ts';

const HOLD_MS = 2_000;
const LONGEST_HOLD_MS = 64_000;
/** Frames that are late again so soon after the rise were late because of it. */
const RELAPSE_MS = 15_000;
/** Below it a halved share is nothing. */
const FLOOR = 0.02;

/** The share that a host page's frames leave. */
export interface FrameCeiling {
  /**
   * Halves on every look while frames are late, holds, and rises again; each relapse doubles the hold.
   *
   * @param share of now, 0 to 1
   * @param rise most that it may grow by at this look
   */
  update(frames: Signals['frames'], nowMs: number, share: number, rise: number): number;
  /** The clock was set back: what was held until then is held no longer. */
  reset(nowMs: number): void;
}

export function createFrameCeiling(): FrameCeiling {
  let ceiling = 1;
  let holdMs = HOLD_MS;
  let heldUntilMs = -Infinity;
  return {
    update(frames, nowMs, share, rise) {
      if (frames && frames.p90Ms > frames.budgetMs) {
        if (nowMs >= heldUntilMs) {
          const isRelapse = nowMs - heldUntilMs < RELAPSE_MS;
          holdMs = isRelapse ? Math.min(LONGEST_HOLD_MS, 2 * holdMs) : HOLD_MS;
        }
        ceiling = ceiling / 2 < FLOOR ? 0 : Math.min(ceiling, share) / 2;
        heldUntilMs = nowMs + holdMs;
      } else if (nowMs >= heldUntilMs) {
        ceiling = Math.min(1, ceiling + rise);
      }
      return ceiling;
    },
    reset(nowMs) {
      heldUntilMs = nowMs;
    },
  };
}
