import type { ModelRoot } from '../base/branded.ts';
import type { Device } from './device.ts';

/** The parts of a device that move bytes of models. */
export interface DataMovers {
  readonly adapters: Pick<Device['adapters'], 'holdData'>;
  readonly shelf: Pick<Device['shelf'], 'stop' | 'download'>;
  readonly shared: Pick<Device['shared'], 'seedAgain'>;
}

/**
 * Ends all transfers once today's data is used up. When there is data again, the model that is served and the adapters
 * that this device shares go on by themselves; one that cannot does not keep the others.
 *
 * @returns to be told when the data is held, and when no longer
 */
export function createDataHold({ adapters, shelf, shared }: DataMovers, served: ModelRoot): (isHeld: boolean) => void {
  let latest = false;
  let ended: Promise<unknown> = Promise.resolve();
  return (isHeld) => {
    latest = isHeld;
    adapters.holdData(isHeld);
    if (isHeld) {
      ended = Promise.allSettled([ended, shelf.stop()]);
      return;
    }
    // What is still ending would take along what begins.
    ended = ended.then(() => {
      if (!latest) return Promise.allSettled([shelf.download(served), shared.seedAgain()]);
      return undefined;
    });
  };
}
