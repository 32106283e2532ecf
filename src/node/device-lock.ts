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
  /** Resolves once no tab holds the lock, without taking it. */
  whenFree(): Promise<void>;
}

export interface DeviceLockEvents {
  /** Another tab takes over: stop everything; then the lock is given up. */
  onYield(): Promise<void>;
  /** This tab has got the lock and may `tell` the others; what it returns is called when it gives it up. */
  onHeld(tell: () => void): () => void;
  /** Another tab has got it. */
  onHeldElsewhere(): void;
}

export function createDeviceLock({ onYield, onHeld, onHeldElsewhere }: DeviceLockEvents): DeviceLock {
  let release: (() => void) | undefined;
  const channel = new BroadcastChannel(CHANNEL);
  const giveUp = () => {
    release?.();
    release = undefined;
  };
  channel.addEventListener('message', ({ data }: MessageEvent<'yield' | 'held'>) => {
    if (data === 'held') onHeldElsewhere();
    else if (release) void onYield().finally(giveUp);
  });
  const acquire = (options: LockOptions) =>
    new Promise<boolean>((resolve, reject) => {
      void navigator.locks
        .request(LOCK, options, (lock) => {
          resolve(lock !== null);
          if (!lock) return undefined;
          return new Promise<void>((free) => {
            const end = onHeld(() => channel.postMessage('held'));
            release = () => {
              end();
              free();
            };
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
    release: giveUp,
    async whenFree() {
      await navigator.locks.request(LOCK, { mode: 'shared' }, () => undefined);
    },
  };
}
