import { packRows } from '../data/pack-rows.ts';
import type { PackedBatch } from '../data/packed-batch.ts';
import { epochOrder } from '../data/split-rows.ts';
import { rowPositions, type TokenRow } from '../data/token-row.ts';

/**
 * Which rows each step learns from: those of every epoch in its shuffled order, as many as fit `stepTokens`. That does not
 * depend on the size of a micro-batch, so that a run can go on with smaller ones.
 */
export interface StepPlan {
  readonly steps: number;
  /** The micro-batches of the `step`-th step, from 1; the same whenever it is asked for. */
  batchesOf(step: number, batchTokens: number): PackedBatch[];
}

/** @param stepTokens positions of a step; a longer row is a step of its own */
export function planSteps(rows: readonly TokenRow[], seed: number, epochs: number, stepTokens: number): StepPlan {
  const groups: TokenRow[][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let free = 0;
    for (const [i, row] of epochOrder(rows, seed, epoch).entries()) {
      const count = rowPositions(row);
      if (i === 0 || count > free) {
        groups.push([]);
        free = stepTokens;
      }
      groups.at(-1)?.push(row);
      free -= count;
    }
  }
  return { steps: groups.length, batchesOf: (step, batchTokens) => packRows(groups[step - 1] ?? [], batchTokens) };
}
