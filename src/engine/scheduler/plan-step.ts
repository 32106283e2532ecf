/** What the plan wants to know of a running sequence. */
export interface Plannable {
  /** Tokens that are known here: the prompt, and those that have been read back. */
  readonly known: number;
  /** Positions that were given to a step; the rows of all others are still to come. */
  readonly scheduled: number;
  /** Positions whose next token it wants end here: the last token is not computed. */
  readonly maxPositions: number;
  /** Wants logits after every token, not only the last. */
  readonly wantsAll: boolean;
  /** Whether its next token may be computed before the last one has been read back. */
  readonly mayRunAhead: boolean;
}

/** Rows of one sequence in a step: its positions first .. first + count. */
export interface StepShare<Run> {
  readonly run: Run;
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

/** Rows that could be computed now. */
function pendingOf({ known, scheduled, maxPositions, mayRunAhead }: Plannable): number {
  if (known > scheduled) return known - scheduled;
  return mayRunAhead && scheduled < maxPositions - 1 ? 1 : 0;
}

/**
 * Which tokens the next step computes: one for each decoding sequence first, so that no prompt makes them wait, then
 * prompts in the order of their arrival as far as the budget goes. Which rows meet in a step never changes a bit of any.
 */
export function planStep<Run extends Plannable>(runs: readonly Run[], budget: StepBudget): StepShare<Run>[] {
  const ordered = [...runs.filter((run) => pendingOf(run) === 1), ...runs.filter((run) => pendingOf(run) > 1)];
  let { promptRows } = budget;
  let rows = budget.maxRows;
  let logitRows = budget.maxLogitRows;
  const shares: StepShare<Run>[] = [];
  for (const run of ordered) {
    const pending = pendingOf(run);
    const limit = Math.min(pending, rows, pending > 1 ? promptRows : 1, run.wantsAll ? logitRows : pending);
    const reachesEnd = limit === pending;
    const count = reachesEnd && logitRows === 0 ? limit - 1 : limit;
    if (count <= 0) continue;
    const wanted = run.wantsAll ? count : Number(count === pending);
    shares.push({ run, first: run.scheduled, count, logitRows: wanted });
    rows -= count;
    logitRows -= wanted;
    if (pending > 1) promptRows -= count;
  }
  return shares;
}
