/** Held by the one page of the device that is its node. */
const NODE = 'starling-node';
/** Held by the same page among those that share its storage: they can follow it. */
const LEADER = 'starling-leader';
const CHANNEL = 'starling-node';

/** The right to be this device's node: at most one page holds it (Web Locks). */
export interface DeviceLock {
  /** @returns false if another page is the node */
  tryAcquire(): Promise<boolean>;
  /** Whether a tab that shares this one's storage is the node, and can be followed. */
  isLedElsewhere(): Promise<boolean>;
  /** Asks the page that is the node to stop, and waits for it. */
  takeOver(): Promise<void>;
  release(): void;
  /** Resolves once no page is the node, without becoming it. */
  whenFree(): Promise<void>;
}

export interface DeviceLockEvents {
  /** Another page takes over: stop everything; then the lock is given up. */
  onYield(): Promise<void>;
  /** This tab has got the lock and may `tell` the others; what it returns is called when it gives it up. */
  onHeld(tell: () => void): () => void;
  /** Another tab has got it. */
  onHeldElsewhere(): void;
}

/** What pages of one device agree over: a frame's own site's, where the browser lets it have that, or just this page's. */
export interface DeviceRealm {
  readonly locks: LockManager;
  readonly channel: BroadcastChannel;
}

/** Of a page that keeps nothing: it can agree with no other page, and is its own device. */
export function createLoneLock(): DeviceLock {
  return {
    tryAcquire: () => Promise.resolve(true),
    isLedElsewhere: () => Promise.resolve(false),
    takeOver: () => Promise.resolve(),
    release: () => undefined,
    whenFree: () => Promise.resolve(),
  };
}

const ownRealm = (): DeviceRealm => ({ locks: navigator.locks, channel: new BroadcastChannel(CHANNEL) });

export function createDeviceLock(
  { onYield, onHeld, onHeldElsewhere }: DeviceLockEvents,
  realm: DeviceRealm | undefined,
): DeviceLock {
  const own = ownRealm();
  const { locks, channel } = realm ?? own;
  let release: (() => void) | undefined;
  const giveUp = () => {
    release?.();
    release = undefined;
  };
  own.channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (data === 'held') onHeldElsewhere();
  });
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (data === 'yield' && release) void onYield().finally(giveUp);
  });
  const acquire = (options: LockOptions) =>
    new Promise<boolean>((resolve, reject) => {
      void locks
        .request(NODE, options, (lock) => {
          if (!lock) return resolve(false);
          return new Promise<void>((free) => {
            void own.locks.request(LEADER, () => {
              const end = onHeld(() => own.channel.postMessage('held'));
              resolve(true);
              return new Promise<void>((follow) => {
                release = () => {
                  end();
                  follow();
                  free();
                };
              });
            });
          });
        })
        .catch(reject);
    });
  return {
    async tryAcquire() {
      return release !== undefined || acquire({ ifAvailable: true });
    },
    async isLedElsewhere() {
      const { held = [] } = await own.locks.query();
      return release === undefined && held.some(({ name }) => name === LEADER);
    },
    async takeOver() {
      if (release) return;
      channel.postMessage('yield');
      await acquire({});
    },
    release: giveUp,
    async whenFree() {
      const isNode = ({ name, mode }: LockInfo) => name === NODE && mode === 'exclusive';
      let isFree = false;
      while (!isFree) {
        await locks.request(NODE, { mode: 'shared' }, () => undefined);
        // Between one page that gives it up and the next that takes it nobody holds it, for a moment.
        const { held = [], pending = [] } = await locks.query();
        isFree = ![...held, ...pending].some(isNode);
      }
    },
  };
}
