import { createRandom } from '../base/random.ts';

/**
 * The records of a job that nobody computes now: first those that came back, then the rest in an order shuffled by the
 * job's key, so that no fragment shows a stretch of the file.
 */
export interface RecordQueue {
  readonly size: number;
  /** The next record for which `suits` holds, looking at a bounded number of them; undefined if none does. */
  take(suits: (record: number) => boolean): number | undefined;
  putBack(record: number): void;
}

/** Records that came back and do not suit are passed over; so many are looked at, so that a take costs little. */
const MAX_LOOKED_AT = 256;

/** @param records those that are still to be computed */
export function createRecordQueue(records: Uint32Array, key: number): RecordQueue {
  const random = createRandom(key);
  // Fisher–Yates, in place.
  for (let i = records.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swap = records[i] ?? 0;
    records[i] = records[j] ?? 0;
    records[j] = swap;
  }
  const returned: number[] = [];
  let next = 0;
  return {
    get size() {
      return returned.length + records.length - next;
    },
    take(suits) {
      const looked = Math.min(returned.length, MAX_LOOKED_AT);
      for (let i = 0; i < looked; i++) {
        const record = returned[i];
        if (record === undefined || !suits(record)) continue;
        returned.splice(i, 1);
        return record;
      }
      const limit = Math.min(records.length, next + MAX_LOOKED_AT);
      for (let i = next; i < limit; i++) {
        const record = records[i];
        if (record === undefined || !suits(record)) continue;
        records[i] = records[next] ?? 0;
        next += 1;
        return record;
      }
      return undefined;
    },
    putBack: (record) => void returned.push(record),
  };
}
