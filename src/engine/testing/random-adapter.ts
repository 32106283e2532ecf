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
  /** Only numbers that the engine's pages hold as they are, also scaled: bfloat16. */
  readonly isHeldExactly?: boolean;
}

/** An adapter of random numbers that changes a model's answers. */
export function randomAdapter(config: ModelConfig, options: Options): AdapterWeights {
  const { rank, seed, targets, strength = 0.5, isHeldExactly = false } = options;
  const random = createRandom(seed);
  const numbers = (count: number, range: number) =>
    Float32Array.from({ length: count }, () => {
      const number = (random.uniform() - 0.5) * range;
      return isHeldExactly ? bfloat16ToNumber(bfloat16Bits(number)) : number;
    });
  const scale = strength / Math.sqrt(rank);
  const pairs = new Map<string, LowRankPair>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { inputs, targets: all } of adapterGroups(config)) {
      for (const { tensor, outputs } of all) {
        if (targets && !targets.includes(tensor)) continue;
        const a = numbers(rank * inputs, 2 / Math.sqrt(inputs));
        const b = numbers(outputs * rank, 2);
        pairs.set(`blk.${layer}.${tensor}.weight`, {
          rank,
          scale: isHeldExactly ? 2 ** Math.round(Math.log2(scale)) : scale,
          a,
          b,
        });
      }
    }
  }
  return pairs;
}
