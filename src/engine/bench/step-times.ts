import { present } from '../../base/invariant.ts';
import { BUFFER_USAGE, MAP_MODE_READ, type GpuMemory } from '../../gpu/index.ts';
import type { ForwardPass, StepShape } from '../model/forward.ts';

const STEPS_AHEAD = 3;
const NANOSECONDS_A_MS = 1e6;

/** Milliseconds of a step as the engine runs it: one pass, one submit, some steps under way. */
export interface StepTimes {
  readonly stepMs: number;
  /** Of the CPU alone, until the submit returns. */
  readonly encodeMs: number;
}

/** Runs steps for about `budgetMs`, at least three, after one that is not counted. */
export async function timeSteps(
  device: GPUDevice,
  forward: ForwardPass,
  shape: StepShape,
  budgetMs: number,
): Promise<StepTimes> {
  const { queue } = device;
  let encodeMs = 0;
  const submit = () => {
    const startMs = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    forward.encode(pass, shape);
    pass.end();
    queue.submit([encoder.finish()]);
    encodeMs += performance.now() - startMs;
    return queue.onSubmittedWorkDone();
  };
  await submit();
  encodeMs = 0;
  const underWay: Promise<unknown>[] = [];
  const startMs = performance.now();
  let steps = 0;
  while (steps < 3 || performance.now() - startMs < budgetMs) {
    underWay.push(submit());
    steps += 1;
    if (underWay.length === STEPS_AHEAD) await underWay.shift();
  }
  await Promise.all(underWay);
  return { stepMs: (performance.now() - startMs) / steps, encodeMs: encodeMs / steps };
}

/** Milliseconds on the GPU's own clock, each dispatch a pass of its own. */
export interface KernelTimes {
  /** Sum over all dispatches. */
  readonly kernelMs: number;
  /** From the first one's beginning to the last one's end, less that sum. */
  readonly gapMs: number;
}

/** @returns undefined where the device has no timestamps */
export async function timeKernels(
  device: GPUDevice,
  memory: GpuMemory,
  forward: ForwardPass,
  shape: StepShape,
): Promise<KernelTimes | undefined> {
  if (!device.features.has('timestamp-query')) return undefined;
  const count = 2 * forward.dispatches;
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = BUFFER_USAGE;
  const querySet = device.createQuerySet({ type: 'timestamp', count });
  const resolved = await memory.create('timestamps', count * 8, QUERY_RESOLVE | COPY_SRC);
  const staging = await memory.create('timestamps_staging', count * 8, MAP_READ | COPY_DST);
  const runs: KernelTimes[] = [];
  for (let run = 0; run < 3; run++) {
    const encoder = device.createCommandEncoder();
    forward.encodeApart(encoder, shape, (i) => ({
      querySet,
      beginningOfPassWriteIndex: 2 * i,
      endOfPassWriteIndex: 2 * i + 1,
    }));
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, count * 8);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_MODE_READ);
    runs.push(readTimes(new BigUint64Array(staging.getMappedRange().slice(0))));
    staging.unmap();
  }
  querySet.destroy();
  memory.free(resolved);
  memory.free(staging);
  return runs.reduce((best, run) => (run.kernelMs < best.kernelMs ? run : best));
}

function readTimes(times: BigUint64Array): KernelTimes {
  let sum = 0n;
  for (let i = 0; i < times.length; i += 2) {
    sum += present(times[i + 1], 'an end') - present(times[i], 'a beginning');
  }
  const span = present(times.at(-1), 'the last end') - present(times[0], 'the first beginning');
  return { kernelMs: Number(sum) / NANOSECONDS_A_MS, gapMs: Number(span - sum) / NANOSECONDS_A_MS };
}
