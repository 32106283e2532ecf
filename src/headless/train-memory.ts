/**
 * `npm run headless -- src/headless/train-memory.ts [135M|0.5B] [--step]`: bytes that a training run takes on the GPU at
 * T = 512 and rank 16, by the allocator's own count, against the estimate that a person sees before the start. Fails beyond
 * 1.10 times of it. Weights are zeros; `--step` also takes a step, which is minutes without a real GPU.
 */
import { BUFFER_USAGE, createGpuMemory, MAX_BINDING_BYTES, openGpu, type GpuMemory } from '../gpu/index.ts';
import type { ModelConfig } from '../engine/index.ts';
import { createLoraTrainer, estimateMemory, type FrozenView, type PackedBatch } from '../training/index.ts';
import { openDawn } from './open-dawn.ts';

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

const names = process.argv.slice(2).filter((name) => name in MODELS);
const takesStep = process.argv.includes('--step');
const gpu = await openGpu(await openDawn());
let isWithin = true;
for (const name of names.length > 0 ? names : Object.keys(MODELS)) {
  const config = MODELS[name];
  if (!config) continue;
  for (const checkpointing of [true, false]) {
    const memory = createGpuMemory(gpu.device);
    const view = await zeroWeights(config, memory);
    const weights = memory.allocatedBytes;
    const lora = { rank: 16, alpha: 16 };
    const trainer = await createLoraTrainer({ gpu, base: { config, view }, lora, batchTokens: TOKENS, checkpointing });
    const estimate = estimateMemory(config, weights, { lora, batchTokens: TOKENS, checkpointing, momentBits: 32 });
    const start = performance.now();
    if (takesStep) await trainer.step([emptyText(config)], { learningRate: 1e-4 });
    const seconds = takesStep ? `, a step in ${((performance.now() - start) / 1000).toFixed(1)} s` : '';
    const taken = weights + trainer.allocatedBytes;
    const ratio = taken / estimate.total;
    isWithin &&= ratio <= ALLOWED;
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    console.log(
      `${name}, checkpointing ${checkpointing}: ${mib(taken)} taken, ${mib(estimate.total)} estimated, ratio ${ratio.toFixed(3)}${seconds}`,
    );
    trainer.close();
    memory.freeAll();
  }
}
process.exit(isWithin ? 0 : 1);

function emptyText(config: ModelConfig): PackedBatch {
  return {
    tokens: Uint32Array.from({ length: TOKENS }, (_, t) => t % config.vocabulary),
    positions: Uint32Array.from({ length: TOKENS }, (_, t) => t),
    segmentStarts: new Uint32Array(TOKENS),
    labels: Int32Array.from({ length: TOKENS }, (_, t) => (t + 1) % config.vocabulary),
  };
}

/** A base of Q4_0 with a table of Q8_0, as such files come. */
async function zeroWeights(model: ModelConfig, memory: GpuMemory): Promise<FrozenView> {
  const { STORAGE, COPY_DST } = BUFFER_USAGE;
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary } = model;
  const matrix = async (
    parts: readonly (readonly [tensor: string, rows: number])[],
    k: number,
    type: 'Q4_0' | 'Q8_0',
  ) => {
    const label = parts[0]?.[0] ?? '';
    const rowBytes = (k * (type === 'Q4_0' ? 4 : 8)) / 8;
    const chunks = [];
    const whole = parts.reduce((sum, [, count]) => sum + count, 0);
    // Only tables are too large for one binding, and they have one part.
    const most = Math.floor(MAX_BINDING_BYTES / (rowBytes + k / 8) / 64) * 64;
    for (let first = 0; first < whole; first += most) {
      const rows = Math.min(most, whole - first);
      const bytes = rows * (rowBytes + Math.ceil(k / 64) * 4);
      const buffer = await memory.create(label, bytes, STORAGE | COPY_DST);
      let chunkRow = 0;
      const placed = parts.map(([tensor, count]) => {
        const at = chunkRow;
        chunkRow += count;
        return { tensor, tensorRow: first, rows: Math.min(count, rows), chunkRow: at };
      });
      chunks.push({
        rows,
        outputs: rows,
        firstOutput: first,
        parts: placed,
        buffer,
        scalesWord: (rows * rowBytes) / 4,
      });
    }
    return { label, type, k, firstRow: 0, chunks };
  };
  const vector = async (length: number) => await memory.create('vector', 4 * length, STORAGE | COPY_DST);
  const embedding = await matrix([['token_embd.weight', vocabulary]], width, 'Q8_0');
  const layers = [];
  for (let i = 0; i < model.layers; i++) {
    const tensor = (part: string, rows: number) => [`blk.${i}.${part}.weight`, rows] as const;
    const [q, kv] = [heads * headSize, kvHeads * headSize];
    const qkv = [tensor('attn_q', q), tensor('attn_k', kv), tensor('attn_v', kv)];
    layers.push({
      attentionNorm: await vector(width),
      qkv: [await matrix(qkv, width, 'Q4_0')],
      vectors: await vector(q + 2 * kv),
      output: await matrix([tensor('attn_output', width)], q, 'Q4_0'),
      ffnNorm: await vector(width),
      gateUp: await matrix([tensor('ffn_gate', ffnWidth), tensor('ffn_up', ffnWidth)], width, 'Q4_0'),
      down: await matrix([tensor('ffn_down', width)], ffnWidth, 'Q4_0'),
    });
  }
  return { embedding, layers, outputNorm: await vector(width), head: embedding, ropeFactors: undefined };
}
