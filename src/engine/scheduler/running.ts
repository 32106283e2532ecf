import type { Pick } from '../model/model-runner.ts';
import { LATEST_TOKEN } from '../model/run-state.ts';
import type { StepRow } from '../model/step-rows.ts';
import type { Plannable } from './plan-step.ts';
import type { Sequence } from './sequence.ts';

/** A sequence in its slot: how far its rows were given to steps, and whether those still count. */
export class Running implements Plannable {
  readonly sequence: Sequence;
  readonly slot: number;
  readonly pages: readonly number[];
  scheduled = 0;
  /** Results of steps that were made for an earlier epoch are thrown away. */
  epoch = 0;
  /** The last token is to be drawn from its logits, as its pick was not certain. */
  #drawsAgain = false;

  constructor(sequence: Sequence, slot: number, pages: readonly number[]) {
    this.sequence = sequence;
    this.slot = slot;
    this.pages = pages;
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
    return !this.sequence.wantsAll && !this.#readsLogits;
  }

  get #readsLogits(): boolean {
    return this.sequence.readsLogits || this.#drawsAgain;
  }

  /** The rows of positions first .. first + count; the last `logitRows` want logits. */
  rows(first: number, count: number, logitRows: number): StepRow[] {
    return Array.from({ length: count }, (_, i) => {
      const wantsLogits = i >= count - logitRows;
      return {
        token: this.sequence.tokens[first + i] ?? LATEST_TOKEN,
        slot: this.slot,
        position: first + i,
        wantsLogits,
        readsLogits: wantsLogits && this.#readsLogits,
      };
    });
  }

  take(pick: Pick, logits: Float32Array | undefined): boolean {
    this.#drawsAgain = false;
    return this.sequence.take(pick, logits);
  }

  /** Computes `position` and all behind it once more, this time with its logits: the same bits, as no batch changes them. */
  redo(position: number): void {
    this.epoch++;
    this.scheduled = position;
    this.#drawsAgain = true;
  }
}
