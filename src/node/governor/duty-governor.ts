import { CAUSES, ceilingsOf, isSlowedDown, type Cause } from './ceilings.ts';
import { createFrameCeiling } from './frame-ceiling.ts';
import type { Limits, Signals } from './signals.ts';

export interface Duty {
  /** Share of the GPU's time that may be used now, 0 to 1. */
  readonly share: number;
  /** What holds it there. */
  readonly limitedBy: Cause;
  /** True on the way up: the cause is gone, and the share rises by and by. */
  readonly isRecovering: boolean;
}

/** Turns signals into a share, a few times a second. Falls at once, rises slowly: fans must not pulse. */
export interface DutyGovernor {
  update(limits: Limits, signals: Signals): Duty;
}

/** Share a second on the way up. Source: reference on etiquette, rule R6. */
const RISE = 0.02;
const CRITICAL_HOLD_MS = 30_000;
/** Contention counts only once it has lasted, and until it has been gone as long. */
const CONTENTION_MS = 20_000;
const CONTENDED_SHARE = 0.5;

/** @param now milliseconds, of a clock that never runs backwards; if it does, time stands still for one update */
export function createDutyGovernor(now: () => number): DutyGovernor {
  let share: number | undefined;
  let beforeMs = now();
  const frames = createFrameCeiling();
  let criticalUntilMs = -Infinity;
  let contention = { isOn: false, sinceMs: beforeMs };

  return {
    update(limits, signals) {
      const nowMs = now();
      const rise = (RISE * Math.max(0, nowMs - beforeMs)) / 1_000;
      if (nowMs < beforeMs) {
        frames.reset(nowMs);
        criticalUntilMs = nowMs;
        contention.sinceMs = nowMs;
      }
      beforeMs = nowMs;

      if (signals.pressure === 'critical') criticalUntilMs = nowMs + CRITICAL_HOLD_MS;
      const ceilings = {
        ...ceilingsOf(limits, signals),
        ...(nowMs < criticalUntilMs && { pressure: 0 }),
        contention: isContended(isSlowedDown(signals), nowMs) ? CONTENDED_SHARE : 1,
        frames: frames.update(signals.frames, nowMs, share ?? 1, rise),
      };
      const limitedBy = CAUSES.reduce((lowest, cause) => (ceilings[cause] < ceilings[lowest] ? cause : lowest));
      const ceiling = Math.min(1, Math.max(0, ceilings[limitedBy]));
      share = share === undefined ? ceiling : Math.min(ceiling, share + rise);
      return { share, limitedBy, isRecovering: share < ceiling };
    },
  };

  /** What was said first holds until the opposite has been said for `CONTENTION_MS`. */
  function isContended(isNow: boolean, nowMs: number): boolean {
    if (isNow === contention.isOn) contention.sinceMs = nowMs;
    else if (nowMs - contention.sinceMs >= CONTENTION_MS) contention = { isOn: isNow, sinceMs: nowMs };
    return contention.isOn;
  }
}
