import type { Op } from './op-list.ts';

/** Runs lists of commands in submits that take about so long each. */
export interface OpRunner {
  /** Submits all of `ops`; resolves when the queue has taken them, the last ones still running. @throws AbortError */
  run(ops: readonly Op[], signal?: AbortSignal): Promise<void>;
}

/** Aim of a submit: long enough to hide its cost, short enough that a page stays usable and a cancel works at once. */
const AIM_MS = 60;
/** Before anything was measured: 0.1 GFLOP takes even a software GPU about 20 ms. */
const FIRST_FLOPS = 1e8;
/** A command that computes little still costs its launch. */
const LAUNCH_FLOPS = 1e5;

/** Submits are cut by the speed that was measured so far; two may be under way. */
export function createOpRunner(device: GPUDevice): OpRunner {
  let flopsPerMs = FIRST_FLOPS / AIM_MS;
  let before: Promise<void> = Promise.resolve();
  const submit = (ops: readonly Op[]) => {
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    let bound: GPUComputePipeline | undefined;
    for (const op of ops) {
      if (op.kind === 'clear') {
        pass?.end();
        pass = undefined;
        encoder.clearBuffer(op.buffer);
        continue;
      }
      if (!pass) bound = undefined;
      pass ??= encoder.beginComputePass();
      if (op.pipeline !== bound) pass.setPipeline(op.pipeline);
      bound = op.pipeline;
      pass.setBindGroup(0, op.group);
      pass.dispatchWorkgroups(...op.size);
    }
    pass?.end();
    device.queue.submit([encoder.finish()]);
  };
  const run = async (ops: readonly Op[], signal?: AbortSignal) => {
    let first = 0;
    while (first < ops.length) {
      signal?.throwIfAborted();
      const budget = flopsPerMs * AIM_MS;
      let flops = 0;
      let end = first;
      while (end < ops.length && (end === first || flops < budget)) flops += costOf(ops[end++]);
      const idleSince = before.then(() => performance.now());
      submit(ops.slice(first, end));
      const previous = before;
      before = device.queue.onSubmittedWorkDone();
      const done = Promise.all([before, idleSince]).then(([, start]) => {
        const measured = flops / Math.max(0.5, performance.now() - start);
        flopsPerMs += (measured - flopsPerMs) / 4;
      });
      done.catch(() => undefined);
      await previous;
      first = end;
    }
  };
  return { run };
}

function costOf(op: Op | undefined): number {
  return LAUNCH_FLOPS + (op?.kind === 'dispatch' ? op.flops : 0);
}
