import { createRandom } from '../../base/random.ts';
import type { ModelConfig } from '../../engine/index.ts';
import type { PackedBatch } from '../data/packed-batch.ts';
import { layOutModel } from '../model/parameter-layout.ts';
import { linearShapes, LORA_TARGETS, type LoraOptions } from '../model/lora.ts';

/** A small Llama with grouped heads and sizes that fill no tile. */
export const TINY_LLAMA: ModelConfig = {
  architecture: 'llama',
  layers: 2,
  width: 20,
  ffnWidth: 28,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  rotary: 8,
  ropeBase: 10_000,
  ropeScale: 1,
  ropeStyle: 'pairs',
  hasHeadNorm: false,
  epsilon: 1e-5,
  contextTokens: 64,
  vocabulary: 43,
  isTied: true,
};

/** Parameters large enough that every part of the model matters; norms about 1. */
export function randomParameters(config: ModelConfig, seed: number): Map<string, Float32Array<ArrayBuffer>> {
  const random = createRandom(seed);
  return new Map(
    layOutModel(config).tensors.map(({ name, rows, columns }) => {
      const isNorm = name.endsWith('_norm.weight');
      const draw = () => (isNorm ? 0.5 + random.uniform() : (random.uniform() - 0.5) * 2.5 * columns ** -0.5);
      return [name, Float32Array.from({ length: rows * columns }, draw)];
    }),
  );
}

/** Everything that Qwen 2 does otherwise: neighbours half a head apart, biases, a head of its own here. */
export const TINY_QWEN2: ModelConfig = {
  ...TINY_LLAMA,
  architecture: 'qwen2',
  ropeStyle: 'halves',
  width: 24,
  heads: 6,
  kvHeads: 1,
  headSize: 4,
  rotary: 4,
  isTied: false,
};

/** Everything that Qwen 3 does otherwise: norms of heads, whose size is not the width over their number. */
export const TINY_QWEN3: ModelConfig = {
  ...TINY_LLAMA,
  architecture: 'qwen3',
  ropeStyle: 'halves',
  hasHeadNorm: true,
  headSize: 12,
  rotary: 12,
};

/** Whatever a model of this kind has beside `randomParameters`: biases, norms of heads, factors of RoPE, a head. */
export function randomExtras(config: ModelConfig, seed: number): Map<string, Float32Array<ArrayBuffer>> {
  const random = createRandom(seed);
  const extras = new Map<string, Float32Array<ArrayBuffer>>();
  const draw = (name: string, length: number, low: number, high: number) =>
    extras.set(
      name,
      Float32Array.from({ length }, () => low + (high - low) * random.uniform()),
    );
  const { heads, kvHeads, headSize, rotary, architecture } = config;
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [part, count] of [['attn_q', heads] as const, ['attn_k', kvHeads] as const]) {
      if (config.hasHeadNorm) draw(`blk.${layer}.${part}_norm.weight`, headSize, 0.5, 1.5);
      if (architecture === 'qwen2') draw(`blk.${layer}.${part}.bias`, count * headSize, -0.5, 0.5);
    }
    if (architecture === 'qwen2') draw(`blk.${layer}.attn_v.bias`, kvHeads * headSize, -0.5, 0.5);
  }
  if (architecture === 'llama') draw('rope_freqs.weight', rotary / 2, 1, 4);
  if (!config.isTied) draw('output.weight', config.vocabulary * config.width, -0.3, 0.3);
  return extras;
}

/** `….lora_a` (rank, inputs) and `….lora_b` (outputs, rank) of every target, neither of them zero, of the size that training gives them. */
export function randomAdapter(
  config: ModelConfig,
  { rank, targets = LORA_TARGETS }: LoraOptions,
  seed: number,
): Map<string, Float32Array<ArrayBuffer>> {
  const random = createRandom(seed);
  const adapter = new Map<string, Float32Array<ArrayBuffer>>();
  const draw = (length: number, size: number) => Float32Array.from({ length }, () => (2 * random.uniform() - 1) * size);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { inputs, tensors } of Object.values(linearShapes(config))) {
      for (const { target, outputs } of tensors) {
        if (!targets.includes(target)) continue;
        adapter.set(`blk.${layer}.${target}.weight.lora_a`, draw(rank * inputs, inputs ** -0.5));
        adapter.set(`blk.${layer}.${target}.weight.lora_b`, draw(outputs * rank, 0.5));
      }
    }
  }
  return adapter;
}

/** Segments of the given lengths laid end to end, with about a third of the labels masked, and every segment's last. */
export function randomBatch(config: ModelConfig, lengths: readonly number[], seed: number): PackedBatch {
  const random = createRandom(seed);
  const tokens: number[] = [];
  const positions: number[] = [];
  const segmentStarts: number[] = [];
  const labels: number[] = [];
  for (const length of lengths) {
    const start = tokens.length;
    const text = Array.from({ length: length + 1 }, () => random.below(config.vocabulary));
    for (let i = 0; i < length; i++) {
      tokens.push(text[i] ?? 0);
      positions.push(i);
      segmentStarts.push(start);
      labels.push(i === length - 1 || random.below(3) === 0 ? -1 : (text[i + 1] ?? 0));
    }
  }
  return {
    tokens: Uint32Array.from(tokens),
    positions: Uint32Array.from(positions),
    segmentStarts: Uint32Array.from(segmentStarts),
    labels: Int32Array.from(labels),
  };
}

/** ‖found − expected‖ / ‖expected‖. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((found[i] ?? Number.NaN) - (expected[i] ?? 0)) ** 2;
    norm += (expected[i] ?? 0) ** 2;
  }
  return Math.sqrt(difference / Math.max(norm, 1e-60));
}
