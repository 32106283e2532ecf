import type { Clock } from '../../base/clock.ts';
import { AMOUNTS, NOTHING, since, type Amounts } from './history.ts';

/** Soon enough for a plot of minutes, seldom enough for a disk. */
const PERIOD_MS = 10_000;
/** A device that slept did nothing in that time. */
const MAX_GAP_MS = 3 * PERIOD_MS;

/** What is true of the device now; counters grow since the page opened, or since the engine did. */
export interface Reading extends Omit<Amounts, 'servedSeconds' | 'busySeconds'> {
  readonly isServing: boolean;
  readonly isBusy: boolean;
}

export interface HistoryRecorder {
  /** Writes what was done since the last writing, for instance before the counters begin anew. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Notes every ten seconds what was done, and nothing while nothing is done.
 *
 * @param save keeps it; a failure (no room, storage forbidden) loses these seconds and nothing else
 */
export function startHistory(
  clock: Clock,
  read: () => Reading,
  save: (atMs: number, done: Amounts) => Promise<void>,
): HistoryRecorder {
  let before = countersOf(read());
  let beforeMs = clock.now();
  let saving = Promise.resolve();

  const flush = () => {
    const { isServing, isBusy, ...rest } = read();
    const nowMs = clock.now();
    const seconds = Math.min(MAX_GAP_MS, Math.max(0, nowMs - beforeMs)) / 1_000;
    const counters = countersOf({ isServing, isBusy, ...rest });
    const grown = since(before, counters);
    before = counters;
    beforeMs = nowMs;
    const isComputing = isBusy || grown.tokens > 0;
    const done: Amounts = {
      ...grown,
      servedSeconds: isServing ? seconds : 0,
      busySeconds: isComputing ? seconds : 0,
    };
    if (AMOUNTS.some((name) => done[name] > 0)) {
      saving = saving.then(() => save(nowMs, done)).catch(() => undefined);
    }
    return saving;
  };
  const cancel = clock.every(PERIOD_MS, () => void flush());
  return {
    flush,
    async stop() {
      cancel();
      await flush();
    },
  };
}

function countersOf({ isServing: _serving, isBusy: _busy, ...counters }: Reading): Amounts {
  return { ...NOTHING, ...counters };
}
