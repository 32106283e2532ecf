import type { Page, Worker } from '@playwright/test';

/** GPU work of a page's workers, those of its frames included; milliseconds since the Unix epoch, 0: none. */
export interface GpuWork {
  /** Of the last work handed to a GPU. */
  readonly submittedMs: number;
  readonly submits: number;
  /** When the last work that was waited for had ended. */
  readonly finishedMs: number;
  /** The longest of the last pieces of work, from hand-over to end. */
  readonly longestMs: number;
}

const MARK = 'starling-gpu-work';
/** What a model's start took says nothing of an answer's steps. */
const RECENT = 50;

/**
 * Watches workers that begin from now on. They tell by their console: what they said outlives them, so that nothing of
 * a worker that is ended is missed.
 *
 * @returns what was last seen
 */
export function watchGpuWork(page: Page): () => GpuWork {
  const seen = { submits: 0, submittedMs: 0, finishedMs: 0 };
  const recentMs: number[] = [];
  page.on('console', (message) => {
    const [mark, event, atMs, sinceMs] = message.text().split(' ');
    if (mark !== MARK) return;
    if (event === 'submitted') {
      seen.submits += 1;
      seen.submittedMs = Math.max(seen.submittedMs, Number(atMs));
    } else {
      seen.finishedMs = Math.max(seen.finishedMs, Number(atMs));
      recentMs.push(Number(atMs) - Number(sinceMs));
      if (recentMs.length > RECENT) recentMs.shift();
    }
  });
  page.on('worker', (worker: Worker) => void worker.evaluate(watchQueue, MARK).catch(() => undefined));
  return () => ({ ...seen, longestMs: Math.max(0, ...recentMs) });
}

/**
 * When a GPU was at rest at the latest. Of work whose end nobody could see, because its worker was ended, it is taken to
 * have been as long as the longest before.
 */
export function restedMs({ submittedMs, finishedMs, longestMs }: GpuWork): number {
  return finishedMs >= submittedMs ? finishedMs : submittedMs + longestMs;
}

function watchQueue(mark: string): void {
  if (!('GPUQueue' in globalThis)) return;
  const submit: GPUQueue['submit'] = Reflect.get(GPUQueue.prototype, 'submit');
  GPUQueue.prototype.submit = function (this: GPUQueue, buffers) {
    submit.call(this, buffers);
    const sinceMs = Date.now();
    console.debug(`${mark} submitted ${sinceMs}`);
    void this.onSubmittedWorkDone().then(() => console.debug(`${mark} finished ${Date.now()} ${sinceMs}`));
  };
}
