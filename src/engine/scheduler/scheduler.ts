import { present } from '../../base/invariant.ts';
import { AppError } from '../../base/app-error.ts';
import type { ModelRunner, StepResult } from '../model/model-runner.ts';
import { PAGE_TOKENS } from '../model/run-state.ts';
import { createPagePool } from './page-pool.ts';
import { planStep, type StepShare } from './plan-step.ts';
import { Running } from './running.ts';
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
/**
 * Steps under way at once: while one is computed the next is queued already, so that reading tokens back costs no idle
 * time. What a sequence computed beyond its end is thrown away: at most this many rows less one.
 */
const STEPS_AHEAD = 2;

/** A step under way, and for each share which epoch of its sequence it was made for. */
interface Flight {
  readonly shares: readonly (StepShare<Running> & { readonly epoch: number })[];
  readonly rows: number;
  readonly submittedMs: number;
  readonly result: Promise<StepResult>;
}

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
  #deliveredMs = 0;
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
    const flights: Flight[] = [];
    for (;;) {
      try {
        this.#admit();
        const shares = flights.length < STEPS_AHEAD ? this.#plan() : [];
        if (shares.length === 0 && flights.length === 0) break;
        if (shares.length > 0) flights.push(await this.#submit(shares));
        if (shares.length > 0 && flights.length < STEPS_AHEAD) continue;
        const [first] = flights.splice(0, 1);
        if (first) await this.#deliver(first);
      } catch (error) {
        flights.length = 0;
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
    const { runner } = this.#init;
    for (let next = this.#queue[0]; next && this.#freeSlots.length > 0; next = this.#queue[0]) {
      const pages = this.#pool.take(Math.ceil(next.maxPositions / PAGE_TOKENS));
      if (!pages) return;
      this.#queue.shift();
      const slot = present(this.#freeSlots.pop(), 'free slot');
      runner.setPages(slot, pages);
      runner.setDraw(slot, next.draw);
      this.#running.set(next.id, new Running(next, slot, pages));
    }
  }

  #release(id: string): void {
    const run = this.#running.get(id);
    if (!run) return;
    this.#running.delete(id);
    // Steps under way may still write to these pages; they were submitted before any step of their next owner, which
    // writes each position before it reads it.
    this.#pool.giveBack(run.pages);
    this.#freeSlots.push(run.slot);
  }

  #plan(): StepShare<Running>[] {
    const { maxRows, maxLogitRows } = this.#init.runner.state.limits;
    return planStep([...this.#running.values()], { promptRows: this.#promptRows, maxRows, maxLogitRows });
  }

  async #submit(shares: readonly StepShare<Running>[]): Promise<Flight> {
    const { runner, now } = this.#init;
    const submittedMs = now();
    const rows = shares.flatMap(({ run, first, count, logitRows }) => run.rows(first, count, logitRows));
    const { result } = await runner.submit(rows);
    // A failure is met where the step is delivered, unless another comes first.
    result.catch(() => undefined);
    for (const { run, count } of shares) run.scheduled += count;
    return {
      shares: shares.map((share) => ({ ...share, epoch: share.run.epoch })),
      rows: rows.length,
      submittedMs,
      result,
    };
  }

  async #deliver({ shares, rows, submittedMs, result }: Flight): Promise<void> {
    const { now, onTokens } = this.#init;
    const { picks, logits } = await result;
    const doneMs = now();
    this.#pace(doneMs - Math.max(submittedMs, this.#deliveredMs), rows);
    this.#deliveredMs = doneMs;
    let row = 0;
    let tokens = 0;
    for (const { run, first, count, logitRows, epoch } of shares) {
      for (let i = count - logitRows; i < count; i++, row++) {
        const isAlive = this.#running.get(run.sequence.id) === run && run.epoch === epoch;
        const pick = picks[row];
        if (!isAlive || !pick) continue;
        if (!pick.isCertain && !logits[row]) {
          run.redo(first + i);
          continue;
        }
        tokens++;
        if (run.take(pick, logits[row])) this.#release(run.sequence.id);
      }
    }
    onTokens(tokens);
  }

  #pace(stepMs: number, rows: number): void {
    const { maxRows } = this.#init.runner.state.limits;
    if (stepMs > STEP_TARGET_MS * 1.5) this.#promptRows = Math.max(1, Math.floor(this.#promptRows / 2));
    else if (stepMs < STEP_TARGET_MS / 2 && rows >= this.#promptRows)
      this.#promptRows = Math.min(maxRows, this.#promptRows * 2);
  }
}
