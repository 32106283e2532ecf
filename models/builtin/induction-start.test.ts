import { expect, test } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { layRows } from '../../src/training/data/pack-rows.ts';
import { initialParameters } from '../../src/training/model/initial-parameters.ts';
import { referenceGradients } from '../../src/training/reference/model.reference.ts';
import { startWithInduction } from './induction-start.ts';
import { CONFIG, RECIPE } from './recipe.ts';

/** Random tokens, a random gap, and the same tokens again: only somebody who looks back can know the second half. */
function repetitions(count: number) {
  const random = createRandom(3);
  return Array.from({ length: count }, () => {
    const draw = (length: number) => Array.from({ length }, () => 1 + random.below(CONFIG.vocabulary - 1));
    const said = draw(12);
    const before = [...draw(random.below(8)), ...said, ...draw(2 + random.below(8))];
    const isLearnt = [...before.map(() => 0), 0, ...said.slice(1).map(() => 1)];
    return { tokens: Uint32Array.from([...before, ...said]), isLearnt: Uint8Array.from(isLearnt) };
  });
}

test('a model that has learnt nothing copies already, wherever what it copies stands', () => {
  const batch = layRows(repetitions(3), 128);
  const lossOf = (start: boolean) => {
    const parameters = initialParameters(CONFIG, RECIPE.seed, RECIPE.initialDeviation);
    if (start) startWithInduction(CONFIG, parameters, RECIPE.seed);
    return referenceGradients(CONFIG, parameters, [batch]).loss;
  };
  expect(lossOf(false)).toBeGreaterThan(Math.log(CONFIG.vocabulary) - 0.2);
  expect(lossOf(true)).toBeLessThan(Math.log(CONFIG.vocabulary) - 0.7);
});
