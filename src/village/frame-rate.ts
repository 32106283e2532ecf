/** Frames a second with and without contribution, so that a player can see what it costs. */
export interface FrameRate {
  /** Counts a frame. A pause of over a second, as in a hidden tab, is no frame. */
  frame(nowMs: number, isSharing: boolean): void;
  /** Undefined as long as there were too few frames to tell. */
  perSecond(isSharing: boolean): number | undefined;
}

const KEPT = 240;
const ENOUGH = 30;

export function createFrameRate(): FrameRate {
  const gaps: Record<'alone' | 'sharing', number[]> = { alone: [], sharing: [] };
  let beforeMs: number | undefined;
  return {
    frame(nowMs, isSharing) {
      const gap = nowMs - (beforeMs ?? nowMs);
      beforeMs = nowMs;
      if (gap <= 0 || gap > 1_000) return;
      const list = gaps[isSharing ? 'sharing' : 'alone'];
      list.push(gap);
      if (list.length > KEPT) list.shift();
    },
    perSecond(isSharing) {
      const list = gaps[isSharing ? 'sharing' : 'alone'];
      return list.length < ENOUGH ? undefined : (1_000 * list.length) / list.reduce((sum, gap) => sum + gap, 0);
    },
  };
}
