import type { Clock } from '../../base/clock.ts';
import type { Embedding } from '../embedding.ts';
import { createDutyGovernor, type Duty } from './duty-governor.ts';
import type { Limits } from './signals.ts';
import { createSignalWatcher } from './watch-signals.ts';

/** What the throttle acts on. */
export interface Throttled {
  readonly clock: Clock;
  /** How much of the GPU's time work for others may take. */
  readonly setShare: (share: number) => void;
  /** Hands running work back and takes no more, or takes work again. */
  readonly rest: (isResting: boolean) => void;
  /** Of models, today, both ways together. */
  readonly dataUsedBytes: () => number;
  /** Of our own work against its usual pace; undefined where it is not known. */
  readonly slowdown: () => number | undefined;
  /** Ends all transfers, or seeds again: today's data is used up, or no longer. */
  readonly holdData: (isHeld: boolean) => void;
}

/** Holds a serving device to its person's limits and its surroundings. */
export interface Throttle {
  start(throttled: Throttled): void;
  stop(): void;
  /** Looks again at once: the limits have changed. */
  update(): void;
  /** Undefined while nothing is served. */
  duty(): Duty | undefined;
}

/** 200 ms and the engine's 50 ms windows make a pause reach the GPU within 250 ms. */
const PERIOD_MS = 200;

/** @param onChange called when share or cause change, not with every step of a slow rise */
export function createThrottle(limits: () => Limits, onChange: () => void, embedding?: Embedding): Throttle {
  let duty: Duty | undefined;
  let look = () => {};
  let end = () => {};
  return {
    start({ clock, setShare, rest, dataUsedBytes, slowdown, holdData }) {
      end();
      const governor = createDutyGovernor(() => clock.now());
      const signals = createSignalWatcher(() => clock.now(), embedding);
      signals.start();
      look = () => {
        const before = duty;
        const next = governor.update(limits(), {
          ...signals.now(),
          dataUsedBytes: dataUsedBytes(),
          slowdown: slowdown(),
        });
        duty = next;
        if (next.share !== before?.share) setShare(next.share);
        if ((next.share === 0) !== (before?.share === 0)) rest(next.share === 0);
        const [wasHeld, isHeld] = [before, next].map((each) => each?.limitedBy === 'data-cap');
        if (isHeld !== wasHeld) holdData(isHeld === true);
        if (
          Math.round(next.share * 100) !== Math.round((before?.share ?? -1) * 100) ||
          next.limitedBy !== before?.limitedBy
        )
          onChange();
      };
      const cancel = clock.every(PERIOD_MS, () => look());
      end = () => {
        cancel();
        signals.stop();
        duty = undefined;
        look = () => {};
        end = () => {};
      };
      look();
    },
    stop: () => end(),
    update: () => look(),
    duty: () => duty,
  };
}
