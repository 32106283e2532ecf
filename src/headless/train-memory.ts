/**
 * `npm run headless -- src/headless/train-memory.ts [135M|0.5B] [--step]`: the most bytes that a training run ever takes on the
 * GPU at T = 512 and rank 16, by the allocator's own count, against the formula below and the estimate that a person sees
 * before the start. Fails beyond 1.10 times either. `--step` takes a whole step of an adapter of all seven matrices and
 * times it, which is minutes without a real GPU; without, a run is only prepared.
 */
import { createGpuMemory, openGpu } from '../gpu/index.ts';
import type { ModelConfig } from '../engine/index.ts';
import { createLoraTrainer, estimateMemory, type PackedBatch, type Trainer } from '../training/index.ts';
import { openDawn } from './open-dawn.ts';
import { randomBase } from './random-base.ts';

const shared = { ropeScale: 1, epsilon: 1e-5, contextTokens: 2048, isTied: true, hasHeadNorm: false };
/** The shapes of SmolLM2-135M and Qwen2.5-0.5B. */
const MODELS: Readonly<Record<string, ModelConfig>> = {
  '135M': {
    ...shared,
    architecture: 'llama',
    ropeStyle: 'pairs',
    ropeBase: 100_000,
    layers: 30,
    width: 576,
    ffnWidth: 1536,
    heads: 9,
    kvHeads: 3,
    headSize: 64,
    rotary: 64,
    vocabulary: 49_152,
  },
  '0.5B': {
    ...shared,
    architecture: 'qwen2',
    ropeStyle: 'halves',
    ropeBase: 1_000_000,
    layers: 24,
    width: 896,
    ffnWidth: 4864,
    heads: 14,
    kvHeads: 2,
    headSize: 64,
    rotary: 64,
    vocabulary: 151_936,
  },
};
const TOKENS = 512;
const ALLOWED = 1.1;

const RANK = 16;

const names = process.argv.slice(2).filter((name) => name in MODELS);
const takesStep = process.argv.includes('--step');
const gpu = await openGpu(await openDawn());
console.log(gpu.report.description);
let isWithin = true;
for (const name of names.length > 0 ? names : Object.keys(MODELS)) {
  const config = MODELS[name];
  if (!config) continue;
  for (const checkpointing of [true, false]) {
    const memory = createGpuMemory(gpu.device);
    const view = await randomBase(gpu.device, config, memory);
    const weights = memory.allocatedBytes;
    const lora = { rank: RANK, alpha: RANK };
    const trainer = await createLoraTrainer({ gpu, base: { config, view }, lora, batchTokens: TOKENS, checkpointing });
    const estimate = estimateMemory(config, weights, { lora, batchTokens: TOKENS, checkpointing, momentBits: 32 });
    const step = takesStep ? `; ${await timedStep(trainer, config, checkpointing)}` : '';
    const peak = memory.peakBytes + trainer.peakBytes;
    const formula = weights + formulaBytes(config, checkpointing);
    isWithin &&= peak <= ALLOWED * Math.min(formula, estimate.total);
    const against = (bytes: number) => `${(peak / bytes).toFixed(3)} of ${(bytes / 2 ** 20).toFixed(0)} MiB`;
    console.log(
      `${name}, checkpointing ${checkpointing}: peak ${(peak / 2 ** 20).toFixed(0)} MiB, ` +
        `${against(formula)} by the formula, ${against(estimate.total)} estimated${step}`,
    );
    trainer.close();
    memory.freeAll();
  }
}
process.exit(isWithin ? 0 : 1);

/** A step, with what the driver compiles for it. */
async function timedStep(trainer: Trainer, config: ModelConfig, checkpointing: boolean): Promise<string> {
  const start = performance.now();
  const { loss } = await trainer.step([randomText(config)], { learningRate: 1e-4 });
  const seconds = (performance.now() - start) / 1000;
  // Forward and backward are 2 each for a weight and token, and 2 more where activations are computed again.
  const layers = linearCount(config);
  const flops = TOKENS * ((checkpointing ? 6 : 4) * layers + 4 * config.vocabulary * config.width);
  const speed = `${(TOKENS / seconds).toFixed(1)} tokens/s, ${(flops / seconds / 1e9).toFixed(1)} GFLOP/s in products`;
  return `a step in ${seconds.toFixed(1)} s, loss ${loss.toFixed(2)}, ${speed}`;
}

/** Weights of the matrices of all layers. */
function linearCount({ layers, width, ffnWidth, heads, kvHeads, headSize }: ModelConfig): number {
  return layers * width * ((2 * heads + 2 * kvHeads) * headSize + 3 * ffnWidth);
}

/**
 * Bytes beside the base's own, in f32: 16 for each number of the adapter (itself, its gradient, two moments), what the
 * backward pass needs of each layer or, with checkpointing, each layer's input and one layer's rest, what a layer works
 * with, and 64 rows of logits.
 */
function formulaBytes(config: ModelConfig, checkpointing: boolean): number {
  const { layers: L, width: D, ffnWidth: I, heads, kvHeads, headSize, vocabulary } = config;
  const [q, kv] = [heads * headSize, kvHeads * headSize];
  const adapter = RANK * L * (2 * (D + q) + 2 * (D + kv) + 3 * (D + I));
  const layer = 2 * D + 2 * q + 2 * kv + 2 * I + heads + 2;
  const kept = checkpointing ? L * D + layer : L * layer;
  const work = 3 * D + 2 * q + 2 * kv + 3 * I;
  return 16 * adapter + 4 * TOKENS * (kept + work) + 4 * 64 * vocabulary;
}

function randomText(config: ModelConfig): PackedBatch {
  return {
    tokens: Uint32Array.from({ length: TOKENS }, (_, t) => (7919 * t) % config.vocabulary),
    positions: Uint32Array.from({ length: TOKENS }, (_, t) => t),
    segmentStarts: new Uint32Array(TOKENS),
    labels: Int32Array.from({ length: TOKENS }, (_, t) => (7919 * (t + 1)) % config.vocabulary),
  };
}
