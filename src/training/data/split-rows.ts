import { createRandom, shuffled } from '../../base/random.ts';
import { TrainingDataError } from './errors.ts';

export interface SplitRows<T> {
  readonly train: readonly T[];
  /** Never trained on; at least one. */
  readonly evaluation: readonly T[];
}

/**
 * Sets rows aside for evaluation and shuffles the rest. The same rows and seed give the same split and order.
 *
 * @param share of the rows, in (0, 1); at least one row goes to each side
 * @throws {TrainingDataError} `empty`, `too-few-rows`
 */
export function splitRows<T>(rows: readonly T[], share: number, seed: number): SplitRows<T> {
  if (rows.length === 0) throw new TrainingDataError('empty', 'no rows; choose a file with at least two');
  if (rows.length === 1) {
    throw new TrainingDataError('too-few-rows', '1 row, at least 2 needed: one to learn from and one to check with', {
      value: 1,
      limit: 2,
    });
  }
  const order = shuffled(rows, createRandom(seed));
  const count = Math.min(rows.length - 1, Math.max(1, Math.round(rows.length * share)));
  return { evaluation: order.slice(0, count), train: order.slice(count) };
}

/** The rows in the order of one epoch; each epoch has its own. */
export function epochOrder<T>(rows: readonly T[], seed: number, epoch: number): T[] {
  return shuffled(rows, createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca6b)));
}
