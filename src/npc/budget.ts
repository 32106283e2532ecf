import type { Clock } from '../base/clock.ts';

/** How much a game lets its characters compute. What is over the budget is answered by scripted lines at once. */
export interface BudgetLimits {
  /** Questions begun in one frame of 16 ms: two begun together would share the GPU with the same frame. */
  readonly linesPerFrame: number;
  readonly linesPerMinute: number;
  readonly tokensPerMinute: number;
}

export const DEFAULT_BUDGET: BudgetLimits = { linesPerFrame: 2, linesPerMinute: 30, tokensPerMinute: 3_000 };

export interface Budget {
  /** Takes a line whose first answer has at most `tokens`; false, and nothing taken, where that is too much now. */
  begin(tokens: number): boolean;
  /** Takes one more answer of a line that was begun. */
  goOn(tokens: number): boolean;
}

const FRAME_MS = 16;
const MINUTE_MS = 60_000;

/** Windows that slide: what was taken within the last frame and minute counts. */
export function createBudget(limits: BudgetLimits, clock: Clock): Budget {
  let answers: { readonly atMs: number; readonly tokens: number; readonly isFirst: boolean }[] = [];
  const take = (tokens: number, isFirst: boolean) => {
    const now = clock.now();
    // A clock set back must not lock the characters up.
    answers = answers.filter(({ atMs }) => atMs <= now && now - atMs < MINUTE_MS);
    const lines = answers.filter((answer) => answer.isFirst);
    const isOver =
      (isFirst && lines.length >= limits.linesPerMinute) ||
      (isFirst && lines.filter(({ atMs }) => now - atMs < FRAME_MS).length >= limits.linesPerFrame) ||
      answers.reduce((sum, answer) => sum + answer.tokens, tokens) > limits.tokensPerMinute;
    if (!isOver) answers.push({ atMs: now, tokens, isFirst });
    return !isOver;
  };
  return { begin: (tokens) => take(tokens, true), goOn: (tokens) => take(tokens, false) };
}
