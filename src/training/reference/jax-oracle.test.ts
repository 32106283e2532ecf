import { expect, test } from 'vitest';
import { jaxLoraGradients } from '../testing/jax-gradients.ts';
import {
  randomAdapter,
  randomBatch,
  randomExtras,
  randomParameters,
  relativeError,
  TINY_LLAMA,
  TINY_QWEN2,
  TINY_QWEN3,
} from '../testing/random-model.ts';
import { referenceGradients } from './model.reference.ts';

/** Both in f64; what is left is the order of sums. */
const TOLERANCE = 1e-12;

test.each([TINY_LLAMA, TINY_QWEN2, TINY_QWEN3].map((config) => [config.architecture, config] as const))(
  'the reference agrees with automatic differentiation: an adapter of %s, packed and masked, two micro-batches',
  async (_, config) => {
    const lora = { rank: 3, alpha: 2 };
    const parameters = new Map([
      ...randomParameters(config, 1),
      ...randomExtras(config, 2),
      ...randomAdapter(config, lora, 3),
    ]);
    const batches = [randomBatch(config, [4, 1, 5], 4), randomBatch(config, [6], 5)];
    const expected = await jaxLoraGradients(config, parameters, batches, 0.7);
    const found = referenceGradients(config, parameters, batches, 0.7);
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(TOLERANCE);
    expect(expected.gradients.size).toBe(2 * 7 * config.layers);
    for (const [name, gradient] of expected.gradients)
      expect(relativeError(found.gradients.get(name) ?? [], gradient), name).toBeLessThan(TOLERANCE);
  },
);
