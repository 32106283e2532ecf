import type { Pick } from '../model/model-runner.ts';
import { LATEST_TOKEN } from '../model/run-state.ts';
import type { StepRow } from '../model/step-rows.ts';
import { draftByNgram } from './ngram-draft.ts';
import type { SequencePages } from './page-book.ts';
import type { Plannable } from './plan-step.ts';
import type { Sequence } from './sequence.ts';

/** Share of guesses that were right, as a moving mean: hopeful at first, given up below the least. */
const FIRST_LUCK = 0.6;
const LEAST_LUCK = 0.3;
const LUCK_MEMORY = 0.9;

/** A sequence in its slot: how far its rows were given to steps, and whether those still count. */
export class Running implements Plannable {
  readonly sequence: Sequence;
  readonly slot: number;
  readonly pages: SequencePages;
  readonly promptLength: number;
  scheduled: number;
  /** Results of steps that were made for an earlier epoch are thrown away. */
  epoch = 0;
  /** The last token is to be drawn from its logits, as its pick was not certain. */
  #drawsAgain = false;
  /** Tokens guessed for the positions from `from`, which a step under way checks. */
  #guess: { readonly from: number; readonly tokens: readonly number[] } | undefined;
  #luck = FIRST_LUCK;

  constructor(sequence: Sequence, slot: number, pages: SequencePages) {
    this.sequence = sequence;
    this.slot = slot;
    this.pages = pages;
    this.promptLength = sequence.tokens.length;
    this.scheduled = pages.sharedPositions;
  }

  get known(): number {
    return this.sequence.tokens.length;
  }

  get maxPositions(): number {
    return this.sequence.maxPositions;
  }

  get wantsAll(): boolean {
    return this.sequence.wantsAll;
  }

  get mayRunAhead(): boolean {
    const { wantsAll, constraint } = this.sequence;
    return !wantsAll && !constraint && !this.#readsLogits && !this.#guess;
  }

  get #readsLogits(): boolean {
    return this.sequence.readsLogits || this.#drawsAgain;
  }

  /** Up to `count` likely next tokens; none if they are not to be guessed, or guessing has not paid. */
  draft(count: number): readonly number[] {
    const { sequence } = this;
    if (!sequence.maySpeculate || this.#readsLogits || this.#guess || this.#luck < LEAST_LUCK) return [];
    // The last position's token is never computed, so guesses end one before it.
    return draftByNgram(sequence.tokens, Math.min(count, this.maxPositions - 1 - this.known));
  }

  /** The next rows check these guesses behind the last known token. */
  speculate(tokens: readonly number[]): void {
    this.#guess = { from: this.known, tokens };
  }

  /** The rows of positions first .. first + count; the last `logitRows` want logits. */
  rows(first: number, count: number, logitRows: number): StepRow[] {
    return Array.from({ length: count }, (_, i) => {
      const wantsLogits = i >= count - logitRows;
      return {
        token: this.sequence.tokens[first + i] ?? this.#guessFor(first + i) ?? LATEST_TOKEN,
        slot: this.slot,
        position: first + i,
        wantsLogits,
        readsLogits: wantsLogits && this.#readsLogits,
        readsState: wantsLogits && this.sequence.readsStates,
      };
    });
  }

  /** Whether the row of `position` was computed for the token that turned out to be there. */
  isConfirmed(position: number): boolean {
    const guessed = this.#guessFor(position);
    return guessed === undefined || guessed === this.sequence.tokens[position];
  }

  /** Takes the next token; true once the sequence has ended. */
  take(pick: Pick, logits: Float32Array | undefined, position: number): boolean {
    this.#drawsAgain = false;
    return this.sequence.take(pick, logits, position);
  }

  /**
   * Ends a speculation: what was computed for wrong guesses will be computed anew.
   *
   * @param end behind the last position of the step that came back; one from before the guesses does not end them
   */
  settle(end: number): void {
    if (!this.#guess || end <= this.#guess.from) return;
    const { from, tokens } = this.#guess;
    const right = Math.min(tokens.length, this.known - from - 1);
    this.#luck = LUCK_MEMORY * this.#luck + (1 - LUCK_MEMORY) * (right / tokens.length);
    this.#guess = undefined;
    this.scheduled = this.known - 1;
  }

  /** Computes `position` and all behind it once more, this time with its logits: the same bits, as no batch changes them. */
  redo(position: number): void {
    this.epoch++;
    this.scheduled = position;
    this.#drawsAgain = true;
    this.#guess = undefined;
  }

  #guessFor(position: number): number | undefined {
    return this.#guess?.tokens[position - this.#guess.from];
  }
}
