import { createRandom } from '../../base/random.ts';
import type { ModelConfig } from '../../engine/index.ts';
import { layOutModel } from './parameter-layout.ts';

const DEVIATION = 0.02;

/**
 * Parameters to begin training with: norms are ones, matrices normal with deviation 0.02, those that add to the residual
 * 0.02 / sqrt(2 layers). Source: Radford et al. 2019 (GPT-2), section 2.3.
 */
export function initialParameters(config: ModelConfig, seed: number): Map<string, Float32Array<ArrayBuffer>> {
  const random = createRandom(seed);
  // Box and Muller 1958; 1 - u is never 0.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const parameters = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, rows, columns } of layOutModel(config).tensors) {
    const isResidual = name.endsWith('attn_output.weight') || name.endsWith('ffn_down.weight');
    const deviation = isResidual ? DEVIATION / Math.sqrt(2 * config.layers) : DEVIATION;
    const draw = name.endsWith('_norm.weight') ? () => 1 : () => normal() * deviation;
    parameters.set(name, Float32Array.from({ length: rows * columns }, draw));
  }
  return parameters;
}
