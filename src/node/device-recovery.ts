import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { EngineExecutor } from './engine-executor.ts';
import type { EngineHost } from './engine-host.ts';

/** A driver that restarts more often than this within the window will do so again: better to rest and ask. */
const MAX_LOSSES = 3;
const WINDOW_MS = 600_000;

export interface RecoveryComponents {
  readonly engine: EngineHost;
  readonly executor: () => EngineExecutor;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/**
 * Loads the model again after the GPU was lost (a driver restart, a laptop that slept). The leases that ran went back to
 * their requesters, so nothing is lost; meanwhile nothing is accepted.
 *
 * @param onGaveUp called instead if the GPU was lost three times in ten minutes or the model cannot be loaded again
 */
export function createDeviceRecovery(
  { engine, executor, clock, logger }: RecoveryComponents,
  onGaveUp: (error: unknown) => void,
): (error: Error & { readonly code?: string | undefined }) => void {
  const lossesMs: number[] = [];
  let isRecovering = false;

  async function recover(error: Error): Promise<void> {
    const lost = engine.loaded();
    if (!lost) return;
    executor().serve(undefined, 0);
    lossesMs.push(clock.now());
    while ((lossesMs[0] ?? 0) < clock.now() - WINDOW_MS) lossesMs.shift();
    if (lossesMs.length >= MAX_LOSSES) throw error;
    logger.warn('the GPU was lost; loading the model again');
    const { root, slots } = await engine.reload();
    executor().serve(root, slots);
    logger.info('the GPU is back');
  }

  return (error) => {
    if (error.code !== 'device-lost' || isRecovering) return;
    isRecovering = true;
    recover(error)
      .catch(onGaveUp)
      .finally(() => {
        isRecovering = false;
      });
  };
}
