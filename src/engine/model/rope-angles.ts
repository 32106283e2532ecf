import type { ModelConfig } from './config.ts';

/**
 * (cos, sin) of every position and rotary pair, (positions, rotary / 2, 2): made on the CPU, because WGSL promises sine
 * and cosine only within [-π, π] and only to 2^-11 there.
 *
 * @param factors from `rope_freqs` (Llama 3), one for each pair: frequencies are divided by them
 */
export function ropeAngles(
  config: ModelConfig,
  positions: number,
  factors: ArrayLike<number> | undefined,
): Float32Array<ArrayBuffer> {
  const pairs = config.rotary / 2;
  const angles = new Float32Array(positions * pairs * 2);
  for (let i = 0; i < pairs; i++) {
    const frequency = config.ropeBase ** ((-2 * i) / config.rotary) / (factors?.[i] ?? 1) / config.ropeScale;
    for (let position = 0; position < positions; position++) {
      const at = (position * pairs + i) * 2;
      angles[at] = Math.cos(position * frequency);
      angles[at + 1] = Math.sin(position * frequency);
    }
  }
  return angles;
}
