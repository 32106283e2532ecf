import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { RealmError } from '../base/realm-errors.ts';

/** A GPU that restarts more often than this within the window will do so again: better to rest and ask. */
const MAX_LOSSES = 3;
const WINDOW_MS = 600_000;

/**
 * Watches how often the engine lost its GPU. The engine opens it again by itself and no request is lost; but each time
 * the driver restarts the person's screen may go dark.
 *
 * @param onGaveUp called with a `device-lost` error at the third loss in ten minutes
 * @returns to be told the engine's count of losses whenever it is read
 */
export function createLossLimit(
  { clock, logger }: { readonly clock: Pick<Clock, 'now'>; readonly logger: Logger },
  onGaveUp: (error: Error) => void,
): (losses: number) => void {
  const lossesMs: number[] = [];
  let seen = 0;
  return (losses) => {
    const fresh = losses - Math.min(seen, losses);
    seen = losses;
    if (fresh === 0) return;
    logger.warn('the GPU was lost; the engine opens it again');
    lossesMs.push(...Array.from({ length: fresh }, () => clock.now()));
    while ((lossesMs[0] ?? 0) < clock.now() - WINDOW_MS) lossesMs.shift();
    if (lossesMs.length < MAX_LOSSES) return;
    lossesMs.length = 0;
    onGaveUp(
      new RealmError({
        name: 'GpuError',
        code: 'device-lost',
        message: `node: the GPU was lost ${MAX_LOSSES} times in ten minutes; press Start to go on`,
        details: undefined,
        stack: undefined,
      }),
    );
  };
}
