/** Prompts are cut so that a step takes about this long: decoding neighbours and a pause wait no longer. */
const STEP_TARGET_MS = 100;
const FIRST_PROMPT_ROWS = 8;

/** How many rows of prompts go into a step, learnt from how long steps take. */
export class PromptPace {
  #rows = FIRST_PROMPT_ROWS;
  #doneMs = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Learns from a step of `rows` rows that was submitted and came back at these times. */
  note(step: { readonly rows: number; readonly submittedMs: number; readonly doneMs: number }, maxRows: number): void {
    // Steps queue behind each other: one begins when the one before it is done.
    const stepMs = step.doneMs - Math.max(step.submittedMs, this.#doneMs);
    this.#doneMs = step.doneMs;
    if (stepMs > STEP_TARGET_MS * 1.5) this.#rows = Math.max(1, Math.floor(this.#rows / 2));
    else if (stepMs < STEP_TARGET_MS / 2 && step.rows >= this.#rows) this.#rows = Math.min(maxRows, this.#rows * 2);
  }
}
