/** Bytes of models that this device moved today, both ways together, kept over reloads. */
export interface DataMeter {
  /**
   * @param sessionBytes all that this visit has moved so far; less than before means that counting began anew
   * @returns bytes since local midnight
   */
  read(sessionBytes: number): number;
}

/** What is kept; the browser's local storage, for one. */
export type DayStore = Pick<Storage, 'getItem' | 'setItem'>;

const KEY = 'starling-data-today';

/**
 * @param now milliseconds since the Unix epoch
 * @param store throws where storage is forbidden
 */
export function createDataMeter(now: () => number, store: () => DayStore): DataMeter {
  let seenBytes = 0;
  let kept = readDay(store);
  return {
    read(sessionBytes) {
      const day = new Date(now()).toDateString();
      const moved = sessionBytes >= seenBytes ? sessionBytes - seenBytes : sessionBytes;
      seenBytes = sessionBytes;
      const bytes = (kept?.day === day ? kept.bytes : 0) + moved;
      if (moved > 0) keepDay(store, { day, bytes });
      kept = { day, bytes };
      return bytes;
    },
  };
}

interface Day {
  readonly day: string;
  readonly bytes: number;
}

function readDay(store: () => DayStore): Day | undefined {
  try {
    const { day, bytes } = JSON.parse(store().getItem(KEY) ?? 'null') as Day;
    return typeof day === 'string' && Number.isSafeInteger(bytes) && bytes >= 0 ? { day, bytes } : undefined;
  } catch {
    return undefined;
  }
}

function keepDay(store: () => DayStore, day: Day): void {
  try {
    store().setItem(KEY, JSON.stringify(day));
  } catch {
    // Storage is full or forbidden: what is counted holds for this visit, as far as it goes.
  }
}
