import { createRandom } from '../../base/random.ts';
import type { AdapterWeights, LowRankPair } from '../../engine/index.ts';
import type { GgufHeader } from '../../weights/index.ts';

export const ATTENTION_TARGETS = ['attn_q', 'attn_k', 'attn_v', 'attn_output'];
export const ALL_TARGETS = [...ATTENTION_TARGETS, 'ffn_gate', 'ffn_up', 'ffn_down'];

/** An adapter of random numbers for the model of a header; a small scale changes no answer. */
export function randomAdapter(
  { tensors }: GgufHeader,
  rank: number,
  targets: readonly string[],
  seed: number,
  scale: number,
): AdapterWeights {
  const random = createRandom(seed);
  const numbers = (count: number, range: number) =>
    Float32Array.from({ length: count }, () => (random.uniform() - 0.5) * range);
  const pairs = new Map<string, LowRankPair>();
  for (const { name, dims } of tensors) {
    const [, target = ''] = /^blk\.\d+\.(\w+)\.weight$/.exec(name) ?? [];
    if (!targets.includes(target)) continue;
    const [inputs = 0, outputs = 0] = dims;
    const a = numbers(rank * inputs, 2 / Math.sqrt(inputs));
    pairs.set(name, { rank, scale, a, b: numbers(outputs * rank, 2) });
  }
  return pairs;
}
