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
 * prompts as far as the budget goes. Which rows meet in a step never changes a bit of any.
 */
export function planStep<Run extends Plannable>(runs: readonly Run[], budget: StepBudget): StepShare<Run>[] {
  const prompts = runs.filter((run) => pendingOf(run) > 1);
  const ordered = [...runs.filter((run) => pendingOf(run) === 1), ...prompts];
  const allotted = allotRows(prompts, budget);
  let rows = budget.maxRows;
  let logitRows = budget.maxLogitRows;
  const shares: StepShare<Run>[] = [];
  for (const run of ordered) {
    const pending = pendingOf(run);
    const limit = Math.min(pending, rows, allotted.get(run) ?? 1, run.wantsAll ? logitRows : pending);
    const reachesEnd = limit === pending;
    const count = reachesEnd && logitRows === 0 ? limit - 1 : limit;
    if (count <= 0) continue;
    const wanted = run.wantsAll ? count : Number(count === pending);
    shares.push({ run, first: run.scheduled, count, logitRows: wanted });
    rows -= count;
    logitRows -= wanted;
  }
  return shares;
}

/**
 * Half of the rows go to the prompt that came first, so that none waits for ever; the others to those with the least left,
 * so that a short one (the end of a prompt whose beginning is shared, as a rule) need not wait for a long one.
 */
function allotRows<Run extends Plannable>(prompts: readonly Run[], budget: StepBudget): ReadonlyMap<Run, number> {
  const allotted = new Map<Run, number>();
  let left = budget.promptRows;
  const allot = (run: Run, most: number) => {
    const had = allotted.get(run) ?? 0;
    const useful = run.wantsAll ? Math.min(pendingOf(run), budget.maxLogitRows) : pendingOf(run);
    const more = Math.max(0, Math.min(useful - had, most, left));
    allotted.set(run, had + more);
    left -= more;
  };
  const [first] = prompts;
  if (first) allot(first, Math.ceil(left / 2));
  for (const run of prompts.toSorted((a, b) => pendingOf(a) - pendingOf(b))) allot(run, left);
  return allotted;
}
