import type { RunLimits } from '../model/run-state.ts';
import { planStep, type StepShare } from './plan-step.ts';
import type { Running } from './running.ts';

/** Guessing pays while so few run that a step's cost is that of reading the weights. */
const MAX_GUESSING = 2;
const MAX_GUESSES = 3;

interface Scope {
  readonly limits: RunLimits;
  /** Rows for prompts. */
  readonly promptRows: number;
  readonly speculates: boolean;
}

/** The next step of running sequences, in the order of their arrival: those that may share wait, those that may guess do. */
export function planRunning(
  running: readonly Running[],
  { limits, promptRows, speculates }: Scope,
): StepShare<Running>[] {
  const runs = running.filter(
    (run, at) =>
      run.known - run.scheduled <= 1 || !running.slice(0, at).some((first) => run.pages.willShare(first.pages)),
  );
  const canGuess = speculates && running.length <= MAX_GUESSING;
  const guesses = new Map(canGuess ? runs.map((run) => [run, run.draft(MAX_GUESSES)] as const) : []);
  const hasGuess = (run: Running) => (guesses.get(run)?.length ?? 0) > 0;
  // A sequence with a guess waits until its last token is known instead of running ahead.
  const ready = runs.filter((run) => !hasGuess(run) || run.known > run.scheduled);
  const spare = guesses.size * MAX_GUESSES;
  const budget = { promptRows, maxRows: limits.maxRows - spare, maxLogitRows: limits.maxLogitRows - spare };
  return planStep(ready, budget).map((share) => {
    const { run, count, logitRows } = share;
    const tokens = guesses.get(run) ?? [];
    if (count !== 1 || logitRows !== 1 || tokens.length === 0 || share.first !== run.known - 1) return share;
    run.speculate(tokens);
    return { ...share, count: 1 + tokens.length, logitRows: 1 + tokens.length };
  });
}
