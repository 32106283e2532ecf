import type { JobId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import { CHUNK_LINES, FLUSH_AFTER_MS, FLUSH_RESULTS } from './constants.ts';
import type { JobHead, KeptResult } from './job-schema.ts';
import type { JobStore } from './job-store.ts';

/** Writes what a job's records came to, some together, each chunk by itself: a result costs one small chunk. */
export interface ResultWriter {
  add(result: KeptResult): void;
  /** The head changed and should be written soon. */
  touch(): void;
  /** Resolves when everything added so far is kept, then the head; rejects if the device refuses. */
  flush(): Promise<void>;
  /** Nothing is written any more, not even what was added. */
  close(): void;
}

/** @param onFailure the device refused a write that nobody waits for; called once */
export function createResultWriter(
  clock: Clock,
  jobs: JobStore,
  id: JobId,
  head: () => JobHead,
  onFailure: (error: unknown) => void,
): ResultWriter {
  const pending = new Map<number, KeptResult>();
  let writing: Promise<void> = Promise.resolve();
  let stopTimer: (() => void) | undefined;
  let isClosed = false;

  async function writeAll(): Promise<void> {
    const chunks = new Map<number, KeptResult[]>();
    for (const result of pending.values()) {
      const chunk = Math.floor(result.record / CHUNK_LINES);
      const added = chunks.get(chunk);
      if (added) added.push(result);
      else chunks.set(chunk, [result]);
    }
    pending.clear();
    for (const [chunk, added] of chunks) {
      if (isClosed) return;
      const results = new Map((await jobs.readResults(id, chunk)).map((result) => [result.record, result]));
      for (const result of added) results.set(result.record, result);
      if (isClosed) return;
      const sorted = [...results.values()].toSorted((a, b) => a.record - b.record);
      await jobs.writeResults(id, chunk, sorted);
    }
    // Last: what it counts is there. A job that goes on after a reload counts again, exactly.
    if (!isClosed) await jobs.writeHead(id, head());
  }

  function flush(): Promise<void> {
    stopTimer?.();
    stopTimer = undefined;
    writing = writing.then(writeAll);
    return writing;
  }
  const flushSoon = () => {
    if (isClosed) return;
    if (pending.size >= FLUSH_RESULTS) flush().catch(fail);
    else stopTimer ??= clock.after(FLUSH_AFTER_MS, () => void flush().catch(fail));
  };
  const fail = (error: unknown) => {
    if (isClosed) return;
    isClosed = true;
    onFailure(error);
  };
  return {
    add(result) {
      pending.set(result.record, result);
      flushSoon();
    },
    touch: flushSoon,
    flush,
    close() {
      isClosed = true;
      stopTimer?.();
      stopTimer = undefined;
    },
  };
}
