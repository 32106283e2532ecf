import { expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { randomBatch, randomParameters, TINY_LLAMA } from '../testing/random-model.ts';
import { referenceGradients } from './model.reference.ts';

/** Central differences of f64 losses of about 4 leave this. */
const TOLERANCE = 1e-8;

test('the reference gradients are the slopes of the reference loss', () => {
  const config = { ...TINY_LLAMA, width: 12, ffnWidth: 8, heads: 2, kvHeads: 1, vocabulary: 11 };
  const batches = [randomBatch(config, [3, 4], 5), randomBatch(config, [2], 6)];
  const parameters = new Map([...randomParameters(config, 7)].map(([name, p]) => [name, Float64Array.from(p)]));
  const { gradients } = referenceGradients(config, parameters, batches);
  const random = createRandom(8);
  expect([...gradients.keys()].toSorted()).toEqual([...parameters.keys()].toSorted());
  for (const [name, values] of parameters) {
    // One random direction a tensor: a wrong number anywhere in it shows.
    const direction = values.map(() => random.uniform() - 0.5);
    const lossAt = (step: number) => {
      const moved = new Map(parameters).set(
        name,
        values.map((p, i) => p + step * (direction[i] ?? 0)),
      );
      return referenceGradients(config, moved, batches).loss;
    };
    const step = 1e-5;
    const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
    const expected = direction.reduce((sum, d, i) => sum + d * (gradients.get(name)?.[i] ?? Number.NaN), 0);
    expect(Math.abs(slope - expected), name).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(expected)));
  }
});
