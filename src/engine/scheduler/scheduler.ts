import { present } from '../../base/invariant.ts';
import { AppError } from '../../base/app-error.ts';
import type { ModelRunner, StepResult, StepRow } from '../model/model-runner.ts';
import { PAGE_TOKENS } from '../model/run-state.ts';
import { createPagePool } from './page-pool.ts';
import { planStep, type StepShare } from './plan-step.ts';
import type { Sequence } from './sequence.ts';

/** Runs the sequences of one model together, a step at a time, and lets those wait that find no slot or no pages. */
export interface Scheduler {
  readonly running: number;
  readonly waiting: number;
  add(sequence: Sequence): void;
  /** Ends a sequence at once, even while a step computes for it; false if it is not here. */
  cancel(id: string): boolean;
  /** Ends all of them by name and takes no more. */
  stop(code: string, message: string): void;
}

interface Running {
  readonly sequence: Sequence;
  readonly slot: number;
  readonly pages: readonly number[];
}

interface Init {
  readonly runner: ModelRunner;
  /** The error to report if a step fails: a lost device's own where that is why. */
  readonly explain: (error: unknown) => Promise<unknown>;
  readonly onTokens: (count: number) => void;
  /** Milliseconds; for the pace of prompts only. */
  readonly now: () => number;
}

/** Prompts are cut so that a step takes about this long: decoding neighbours and a pause wait no longer. */
const STEP_TARGET_MS = 100;
const FIRST_PROMPT_ROWS = 8;

export function createScheduler(init: Init): Scheduler {
  return new StepLoop(init);
}

class StepLoop implements Scheduler {
  readonly #init: Init;
  readonly #pool;
  readonly #freeSlots: number[];
  readonly #queue: Sequence[] = [];
  readonly #running = new Map<string, Running>();
  #promptRows = FIRST_PROMPT_ROWS;
  #isLooping = false;
  #stopped: { readonly code: string; readonly message: string } | undefined;

  constructor(init: Init) {
    const { limits } = init.runner.state;
    this.#init = init;
    this.#pool = createPagePool(limits.pages);
    this.#freeSlots = Array.from({ length: limits.slots }, (_, i) => limits.slots - 1 - i);
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  add(sequence: Sequence): void {
    if (this.#stopped) {
      sequence.fail(this.#stopped.code, this.#stopped.message);
      return;
    }
    this.#queue.push(sequence);
    if (!this.#isLooping) void this.#loop();
  }

  cancel(id: string): boolean {
    const waiting = this.#queue.findIndex((sequence) => sequence.id === id);
    const [sequence] = waiting >= 0 ? this.#queue.splice(waiting, 1) : [this.#running.get(id)?.sequence];
    if (!sequence) return false;
    this.#release(id);
    sequence.cancel();
    return true;
  }

  stop(code: string, message: string): void {
    this.#stopped ??= { code, message };
    this.#failAll(code, message);
  }

  async #loop(): Promise<void> {
    this.#isLooping = true;
    // A turn of the event loop first, so that requests that arrive together start together.
    await Promise.resolve();
    for (this.#admit(); this.#running.size > 0; this.#admit()) {
      try {
        await this.#step();
      } catch (error) {
        const why = await this.#init.explain(error);
        const code = why instanceof AppError ? why.code : 'internal';
        this.#failAll(code, why instanceof Error ? why.message : String(why));
      }
    }
    this.#isLooping = false;
  }

  #failAll(code: string, message: string): void {
    const all = [...[...this.#running.values()].map(({ sequence }) => sequence), ...this.#queue.splice(0)];
    for (const { id } of all) this.#release(id);
    for (const sequence of all) sequence.fail(code, message);
  }

  /** Moves waiting sequences into free slots, first come first served. */
  #admit(): void {
    for (let next = this.#queue[0]; next && this.#freeSlots.length > 0; next = this.#queue[0]) {
      const pages = this.#pool.take(Math.ceil(next.maxPositions / PAGE_TOKENS));
      if (!pages) return;
      this.#queue.shift();
      const slot = present(this.#freeSlots.pop(), 'free slot');
      this.#init.runner.setPages(slot, pages);
      this.#running.set(next.id, { sequence: next, slot, pages });
    }
  }

  #release(id: string): void {
    const run = this.#running.get(id);
    if (!run) return;
    this.#running.delete(id);
    // A step in flight may still write to these pages; it was submitted before any step of their next owner, which
    // writes each position before it reads it.
    this.#pool.giveBack(run.pages);
    this.#freeSlots.push(run.slot);
  }

  async #step(): Promise<void> {
    const { runner, now } = this.#init;
    const { maxRows, maxLogitRows } = runner.state.limits;
    const runs = [...this.#running.values()];
    const shares = planStep(
      runs.map(({ sequence }) => sequence),
      { promptRows: this.#promptRows, maxRows, maxLogitRows },
    );
    const slots = new Map(runs.map(({ sequence, slot }) => [sequence, slot]));
    const rows = shares.flatMap((share) => rowsOf(share, slots.get(share.sequence) ?? 0));
    const readLogits = shares.some(({ sequence, logitRows }) => logitRows > 0 && sequence.readsLogits);
    const startMs = now();
    const result = await runner.step(rows, readLogits);
    this.#pace(now() - startMs, rows.length);
    this.#deliver(shares, result);
  }

  #deliver(shares: readonly StepShare[], { best, logits }: StepResult): void {
    const { vocabulary } = this.#init.runner.config;
    let row = 0;
    let tokens = 0;
    for (const { sequence, count, logitRows } of shares) {
      const isHere = this.#running.get(sequence.id)?.sequence === sequence;
      sequence.computed += count;
      for (let i = 0; i < logitRows; i++, row++) {
        if (!isHere) continue;
        tokens++;
        const ended = sequence.take(best[row] ?? 0, logits?.subarray(row * vocabulary, (row + 1) * vocabulary));
        if (ended) this.#release(sequence.id);
      }
    }
    this.#init.onTokens(tokens);
  }

  #pace(stepMs: number, rows: number): void {
    const { maxRows } = this.#init.runner.state.limits;
    if (stepMs > STEP_TARGET_MS * 1.5) this.#promptRows = Math.max(1, Math.floor(this.#promptRows / 2));
    else if (stepMs < STEP_TARGET_MS / 2 && rows >= this.#promptRows)
      this.#promptRows = Math.min(maxRows, this.#promptRows * 2);
  }
}

function rowsOf({ sequence, first, count, logitRows }: StepShare, slot: number): StepRow[] {
  return Array.from({ length: count }, (_, i) => ({
    token: sequence.tokens[first + i] ?? 0,
    slot,
    position: first + i,
    wantsLogits: i >= count - logitRows,
  }));
}
