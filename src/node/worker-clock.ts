import type { Clock } from '../base/clock.ts';

/** A clock whose timers run in a worker, so that they keep time while the tab is hidden. */
export function createWorkerClock(): Clock & { stop(): void } {
  const worker = new Worker(new URL('../../workers/clock.worker.ts', import.meta.url), {
    type: 'module',
    name: 'clock',
  });
  const pending = new Map<number, { readonly run: () => void; readonly repeat: boolean }>();
  let lastId = 0;
  worker.addEventListener('message', ({ data: id }: MessageEvent<number>) => {
    const timer = pending.get(id);
    if (!timer) return;
    if (!timer.repeat) pending.delete(id);
    timer.run();
  });
  const set = (delayMs: number, repeat: boolean, run: () => void) => {
    const id = ++lastId;
    pending.set(id, { run, repeat });
    // 0 would cancel; a timer that is due at once is due in a millisecond.
    worker.postMessage({ id, delayMs: Math.max(1, delayMs), repeat });
    return () => {
      if (pending.delete(id)) worker.postMessage({ id, delayMs: 0, repeat });
    };
  };
  return {
    now: () => Date.now(),
    after: (delayMs, run) => set(delayMs, false, run),
    every: (periodMs, run) => set(periodMs, true, run),
    stop: () => worker.terminate(),
  };
}
