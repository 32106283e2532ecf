import type { Page, Worker } from '@playwright/test';

/** GPU work of a page's workers, those of its frames included; milliseconds since the Unix epoch, 0: none. */
export interface GpuWork {
  /** Of the last work handed to a GPU. */
  readonly submittedMs: number;
  readonly submits: number;
  /** When the last work that was waited for had ended. */
  readonly finishedMs: number;
}

/** A worker that ends takes its record along, so that each is read this often. */
const READ_MS = 10;

declare global {
  var gpuWork: { submits: number; submittedMs: number; finishedMs: number } | undefined;
}

/** Watches workers that begin from now on. @returns what was last seen */
export function watchGpuWork(page: Page): () => GpuWork {
  const seen = { submits: 0, submittedMs: 0, finishedMs: 0 };
  const read = async (worker: Worker) => {
    await worker.evaluate(watchQueue);
    for (;;) {
      const work = await worker.evaluate(() => globalThis.gpuWork);
      seen.submits = Math.max(seen.submits, work?.submits ?? 0);
      seen.submittedMs = Math.max(seen.submittedMs, work?.submittedMs ?? 0);
      seen.finishedMs = Math.max(seen.finishedMs, work?.finishedMs ?? 0);
      await new Promise((done) => setTimeout(done, READ_MS));
    }
  };
  page.on('worker', (worker) => void read(worker).catch(() => undefined));
  return () => ({ ...seen });
}

function watchQueue(): void {
  if (globalThis.gpuWork || !('GPUQueue' in globalThis)) return;
  const work = { submits: 0, submittedMs: 0, finishedMs: 0 };
  globalThis.gpuWork = work;
  const submit: GPUQueue['submit'] = Reflect.get(GPUQueue.prototype, 'submit');
  GPUQueue.prototype.submit = function (this: GPUQueue, buffers) {
    submit.call(this, buffers);
    work.submits += 1;
    work.submittedMs = Date.now();
    void this.onSubmittedWorkDone().then(() => (work.finishedMs = Date.now()));
  };
}
