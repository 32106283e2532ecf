import type { Sequence } from './sequence.ts';

/** Rows of one sequence in a step: its tokens first .. first + count. */
export interface StepShare {
  readonly sequence: Sequence;
  readonly first: number;
  readonly count: number;
  /** Of those, the last so many want logits. */
  readonly logitRows: number;
}

export interface StepBudget {
  /** Rows for prompts, beside a row for every sequence that decodes. */
  readonly promptRows: number;
  readonly maxRows: number;
  readonly maxLogitRows: number;
}

/**
 * Which tokens the next step computes: one for each decoding sequence first, so that no prompt makes them wait, then
 * prompts in the order of their arrival as far as the budget goes. Which rows meet in a step never changes a bit of any.
 */
export function planStep(sequences: readonly Sequence[], budget: StepBudget): StepShare[] {
  const pendingOf = (sequence: Sequence) => sequence.tokens.length - sequence.computed;
  const ordered = [...sequences.filter((s) => pendingOf(s) === 1), ...sequences.filter((s) => pendingOf(s) > 1)];
  let { promptRows } = budget;
  let rows = budget.maxRows;
  let logitRows = budget.maxLogitRows;
  const shares: StepShare[] = [];
  for (const sequence of ordered) {
    const pending = pendingOf(sequence);
    const limit = Math.min(pending, rows, pending > 1 ? promptRows : 1, sequence.wantsAll ? logitRows : pending);
    const reachesEnd = limit === pending;
    const count = reachesEnd && logitRows === 0 ? limit - 1 : limit;
    if (count <= 0) continue;
    const wanted = sequence.wantsAll ? count : Number(count === pending);
    shares.push({ sequence, first: sequence.computed, count, logitRows: wanted });
    rows -= count;
    logitRows -= wanted;
    if (pending > 1) promptRows -= count;
  }
  return shares;
}
