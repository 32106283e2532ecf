import { bfloat16Bits, bfloat16ToNumber } from '../../base/bfloat16.ts';
import { createRandom } from '../../base/random.ts';
import { adapterGroups } from '../adapters/adapter-layout.ts';
import type { AdapterWeights, LowRankPair } from '../adapters/adapter-weights.ts';
import type { ModelConfig } from '../model/config.ts';

interface Options {
  readonly rank: number;
  readonly seed: number;
  /** Base tensors without `blk.<layer>.` and `.weight`; all by default. */
  readonly targets?: readonly string[];
  /** How strongly it changes the model. */
  readonly strength?: number;
}

/** An adapter of random numbers that changes a model's answers; bfloat16 has them, also scaled. */
export function randomAdapter(config: ModelConfig, { rank, seed, targets, strength = 0.5 }: Options): AdapterWeights {
  const random = createRandom(seed);
  const numbers = (count: number, range: number) =>
    Float32Array.from({ length: count }, () => bfloat16ToNumber(bfloat16Bits((random.uniform() - 0.5) * range)));
  const pairs = new Map<string, LowRankPair>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { inputs, targets: all } of adapterGroups(config)) {
      for (const { tensor, outputs } of all) {
        if (targets && !targets.includes(tensor)) continue;
        const a = numbers(rank * inputs, 2 / Math.sqrt(inputs));
        const b = numbers(outputs * rank, 2);
        pairs.set(`blk.${layer}.${tensor}.weight`, {
          rank,
          scale: 2 ** Math.round(Math.log2(strength / Math.sqrt(rank))),
          a,
          b,
        });
      }
    }
  }
  return pairs;
}
