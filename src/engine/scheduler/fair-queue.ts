import type { Sequence } from './sequence.ts';

/** Prices of a token (Sheng et al. 2024, virtual token counter): decoding one costs about two of a prompt. */
const PROMPT_PRICE = 1;
const ANSWER_PRICE = 2;

/**
 * Waiting sequences, in fair shares: the requester that was served least is next, within a requester the first come.
 * Who comes new or back after a pause starts at the least of those who wait, or where the last one was that did, so that
 * nobody saves up turns, and no newcomer is served before all others until it has had as much as they had in hours.
 */
export class FairQueue {
  readonly #waiting: Sequence[] = [];
  readonly #served = new Map<string, number>();
  /** What the last one that was taken had been served: where those begin who come while nobody waits. */
  #level = 0;

  get length(): number {
    return this.#waiting.length;
  }

  add(sequence: Sequence): void {
    const { requester } = sequence;
    const isWaiting = this.#waiting.some((other) => other.requester === requester);
    if (!isWaiting) {
      const others = this.#waiting.map((other) => this.#servedTo(other.requester));
      const least = others.length > 0 ? Math.min(...others) : this.#level;
      this.#served.set(requester, Math.max(this.#servedTo(requester), least));
    }
    this.#waiting.push(sequence);
  }

  /** Puts sequences that ran before those that wait, as they were. */
  putBack(sequences: readonly Sequence[]): void {
    this.#waiting.unshift(...sequences);
  }

  /** The sequence whose turn it is. */
  next(): Sequence | undefined {
    let best = this.#waiting[0];
    for (const sequence of this.#waiting) {
      if (best && this.#servedTo(sequence.requester) < this.#servedTo(best.requester)) best = sequence;
    }
    return best;
  }

  /** Removes a sequence whose turn it is. */
  take(sequence: Sequence): void {
    this.#level = Math.max(this.#level, this.#servedTo(sequence.requester));
    this.remove(sequence);
  }

  remove(sequence: Sequence): void {
    const at = this.#waiting.indexOf(sequence);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  has(requester: string): boolean {
    return this.#waiting.some((sequence) => sequence.requester === requester);
  }

  find(id: string): Sequence | undefined {
    return this.#waiting.find((sequence) => sequence.id === id);
  }

  drain(): Sequence[] {
    return this.#waiting.splice(0);
  }

  /** Counts what a requester was given. */
  charge(requester: string, promptTokens: number, answerTokens: number): void {
    this.#served.set(requester, this.#servedTo(requester) + PROMPT_PRICE * promptTokens + ANSWER_PRICE * answerTokens);
  }

  /** Forgets counters once nobody waits or runs, so that they do not grow with every requester there ever was. */
  forget(): void {
    this.#served.clear();
    this.#level = 0;
  }

  #servedTo(requester: string): number {
    return this.#served.get(requester) ?? 0;
  }
}
