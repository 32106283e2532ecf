import { createRandom } from '../../src/base/random.ts';
import type { ModelConfig } from '../../src/engine/model/config.ts';
import { parameterShapes } from './write-model.ts';

/** Names of the matrices that write to the residual stream. */
const RESIDUAL = /(attn_output|ffn_down)\.weight$/;

/**
 * First weights: norms 1, matrices normal with standard deviation `deviation`, those that write to the residual stream
 * divided by √(2 · layers) so that its variance does not grow with depth (GPT-2; Radford et al. 2019).
 */
export function initialParameters(config: ModelConfig, seed: number, deviation: number): Map<string, Float32Array> {
  const random = createRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  return new Map(
    parameterShapes(config).map(({ name, dims }) => {
      const values = new Float32Array(dims.reduce((a, b) => a * b, 1));
      if (dims.length === 1) return [name, values.fill(1)];
      const scale = RESIDUAL.test(name) ? deviation / Math.sqrt(2 * config.layers) : deviation;
      return [name, values.map(() => scale * normal())];
    }),
  );
}
