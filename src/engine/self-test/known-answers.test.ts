import { expect, test } from 'vitest';
import { forwardReference } from '../model/forward.reference.ts';
import { benchConfig, benchTensors } from '../bench/bench-shapes.ts';
import { knownAnswers } from './known-answers.ts';
import { drawTinyWeights, tinyShapeOf } from './tiny-model.ts';

const config = benchConfig('135M', 2, 512);
const header = { tensors: benchTensors(config, 'Q8_0') };

test('answers are those of the reference, computed once for models of a kind', () => {
  const { tokens, answers } = knownAnswers(header, config, [3, 2]);
  const shape = tinyShapeOf(header, config);
  const { tables } = drawTinyWeights(shape);
  expect(answers).toEqual(tokens.map((sequence) => forwardReference(shape.config, tables, sequence)));
  expect(tokens.map(({ length }) => length)).toEqual([3, 2]);
  // Another size of the same kind has the same tiny model.
  const larger = benchConfig('135M', 3, 1024);
  expect(knownAnswers({ tensors: benchTensors(larger, 'Q8_0') }, larger, [3, 2]).answers).toBe(answers);
});

test('whatever changes the numbers changes the answers', () => {
  const { answers } = knownAnswers(header, config, [2]);
  const first = (other: typeof header, of: typeof config, lengths = [2]) => knownAnswers(other, of, lengths).answers;
  expect(first({ tensors: benchTensors(config, 'Q4_0') }, config)).not.toEqual(answers);
  expect(first(header, { ...config, ropeBase: 2 * config.ropeBase })).not.toEqual(answers);
  expect(first(header, config, [3])).not.toEqual(answers);
  expect(knownAnswers(header, config, [2], { kvType: 'int8' }).answers).not.toEqual(answers);
  expect(knownAnswers(header, config, [2], { hasInt8Products: true }).answers).not.toEqual(answers);
});

test('only the latest few kinds are remembered', () => {
  const scaled = (scale: number) => knownAnswers(header, { ...config, ropeScale: scale }, [1]).answers;
  const first = scaled(1.5);
  expect(scaled(1.5)).toBe(first);
  for (const scale of [2, 3, 4, 5]) scaled(scale);
  const again = scaled(1.5);
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});
