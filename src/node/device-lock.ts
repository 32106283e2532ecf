const LOCK = 'starling-node';
const CHANNEL = 'starling-node';

/** The right to be this device's node: at most one tab of an origin holds it (Web Locks). */
export interface DeviceLock {
  /** @returns false if another tab is the node */
  tryAcquire(): Promise<boolean>;
  isHeldElsewhere(): Promise<boolean>;
  /** Asks the tab that holds the lock to stop, and waits for it. */
  takeOver(): Promise<void>;
  release(): void;
}

/** @param onYield called when another tab takes over: stop everything, then the lock is given up */
export function createDeviceLock(onYield: () => Promise<void>): DeviceLock {
  let release: (() => void) | undefined;
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener('message', () => {
    if (!release) return;
    void onYield().finally(() => {
      release?.();
      release = undefined;
    });
  });
  const acquire = (options: LockOptions) =>
    new Promise<boolean>((resolve, reject) => {
      void navigator.locks
        .request(LOCK, options, (lock) => {
          resolve(lock !== null);
          if (!lock) return undefined;
          return new Promise<void>((free) => {
            release = free;
          });
        })
        .catch(reject);
    });
  return {
    async tryAcquire() {
      return release !== undefined || acquire({ ifAvailable: true });
    },
    async isHeldElsewhere() {
      const { held = [] } = await navigator.locks.query();
      return release === undefined && held.some(({ name }) => name === LOCK);
    },
    async takeOver() {
      channel.postMessage('yield');
      await acquire({});
    },
    release() {
      release?.();
      release = undefined;
    },
  };
}
