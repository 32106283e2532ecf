import { benchConfig, benchTensors } from '../../src/engine/bench/bench-shapes.ts';
import { makeBenchModel } from '../../src/engine/bench/bench-model.ts';
import { reductionsOf } from '../../src/engine/model/reduction.ts';
import { createGpuMemory, createPipelineCache, openGpu } from '../../src/gpu/index.ts';

/** 8 dispatches a layer, and the embedding, the last norm, the head and the pick: 300. */
const LAYERS = 37;
const BATCH = 8;
const WARM_UP = 50;
const TURNS = 25;
/** Steps of a turn: one step is too short for a page's clock of 0.1 ms. */
const STEPS = 20;

/** What the CPU does of a decode step of 8 sequences: means of the median turn. */
export interface EncodeTimes {
  readonly dispatches: number;
  /** Milliseconds in which rows are written and commands recorded and finished. */
  readonly encodeMs: number;
  /** Milliseconds until the submit returns; where cores are few, the GPU's process takes this one's meanwhile. */
  readonly submitMs: number;
}

/** Encodes decode steps, each alone, so that no queue of earlier ones is waited for. */
export async function measureEncode(): Promise<EncodeTimes> {
  const gpu = await openGpu(navigator.gpu);
  const { device } = gpu;
  const cache = createPipelineCache(device);
  const memory = createGpuMemory(device);
  const small = { width: 64, ffnWidth: 128, heads: 2, kvHeads: 1, headSize: 32, rotary: 32, vocabulary: 256 };
  const config = { ...benchConfig('135M', undefined, undefined), ...small, layers: LAYERS };
  const [reduction = { kind: 'serial', lanes: 1 }] = reductionsOf(gpu.report);
  const model = await makeBenchModel(gpu, cache, memory, config, benchTensors(config, 'Q8_0'), BATCH);
  const forward = await model.prepare(reduction);
  const turn = async (steps: number) => {
    const sum = { encodeMs: 0, submitMs: 0 };
    for (let step = 0; step < steps; step++) {
      const startMs = performance.now();
      model.writeStep(BATCH);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      forward.encode(pass, { rows: BATCH, logitRows: BATCH });
      pass.end();
      const commands = encoder.finish();
      sum.encodeMs += performance.now() - startMs;
      device.queue.submit([commands]);
      sum.submitMs += performance.now() - startMs;
      await device.queue.onSubmittedWorkDone();
    }
    return { encodeMs: sum.encodeMs / steps, submitMs: sum.submitMs / steps };
  };
  await turn(WARM_UP);
  const turns: Awaited<ReturnType<typeof turn>>[] = [];
  for (let i = 0; i < TURNS; i++) turns.push(await turn(STEPS));
  memory.freeAll();
  gpu.close();
  return {
    dispatches: forward.dispatches,
    encodeMs: median(turns.map(({ encodeMs }) => encodeMs)),
    submitMs: median(turns.map(({ submitMs }) => submitMs)),
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
