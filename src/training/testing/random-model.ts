import { createRandom } from '../../base/random.ts';
import type { ModelConfig } from '../../engine/index.ts';
import type { PackedBatch } from '../data/packed-batch.ts';
import { layOutModel } from '../model/parameter-layout.ts';

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
