import { createRandom } from '../../base/random.ts';
import type { ModelConfig } from '../../engine/index.ts';
import { layOutModel } from './parameter-layout.ts';

/**
 * Parameters to begin training with: norms are ones, matrices normal, those that add to the residual with a deviation of
 * 1 / sqrt(2 layers) of the others'. Source: Radford et al. 2019 (GPT-2), section 2.3.
 *
 * @param spread standard deviation; 0.02 suits widths of a thousand, narrow models learn faster with more
 */
export function initialParameters(
  config: ModelConfig,
  seed: number,
  spread = 0.02,
): Map<string, Float32Array<ArrayBuffer>> {
  const random = createRandom(seed);
  // Box and Muller 1958; 1 - u is never 0.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const parameters = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, rows, columns } of layOutModel(config).tensors) {
    const isResidual = name.endsWith('attn_output.weight') || name.endsWith('ffn_down.weight');
    const deviation = isResidual ? spread / Math.sqrt(2 * config.layers) : spread;
    const draw = name.endsWith('_norm.weight') ? () => 1 : () => normal() * deviation;
    parameters.set(name, Float32Array.from({ length: rows * columns }, draw));
  }
  return parameters;
}
