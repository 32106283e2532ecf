import { present } from '../../base/invariant.ts';
import { AppError } from '../../base/app-error.ts';
import type { ModelRunner, Pick, StepResult } from '../model/model-runner.ts';
import { FairQueue } from './fair-queue.ts';
import { PageBook } from './page-book.ts';
import { planStep, type StepShare } from './plan-step.ts';
import { Running } from './running.ts';
import type { Sequence } from './sequence.ts';

/** Runs the sequences of one model together, a step at a time, and lets those wait that find no slot or no pages. */
export interface Scheduler {
  readonly running: number;
  readonly waiting: number;
  readonly promptTokensComputed: number;
  readonly promptTokensShared: number;
  add(sequence: Sequence): void;
  /** Ends a sequence at once, even while a step computes for it; false if it is not here. */
  cancel(id: string): boolean;
  /** Ends all of them by name and takes no more. */
  stop(code: string, message: string): void;
}

/** What a scheduler may do beyond batching; none of it changes a token. */
export interface SchedulerOptions {
  /** Sequences that begin alike share the pages of their beginning. */
  readonly sharesPrefixes: boolean;
  /** While at most two sequences run, several tokens are guessed from the text itself and checked in one step. */
  readonly speculates: boolean;
}

interface Init {
  readonly runner: ModelRunner;
  /** The error to report if a step fails: a lost device's own where that is why. */
  readonly explain: (error: unknown) => Promise<unknown>;
  readonly onTokens: (count: number) => void;
  readonly options: SchedulerOptions;
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

/** Guessing pays while so few run that a step's cost is that of reading the weights. */
const MAX_GUESSING = 2;
const MAX_GUESSES = 3;

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
  readonly #book: PageBook;
  readonly #freeSlots: number[];
  readonly #queue = new FairQueue();
  readonly #running = new Map<string, Running>();
  #promptRows = FIRST_PROMPT_ROWS;
  #isLooping = false;
  #deliveredMs = 0;
  promptTokensComputed = 0;
  promptTokensShared = 0;
  #stopped: { readonly code: string; readonly message: string } | undefined;

  constructor(init: Init) {
    const { limits } = init.runner.state;
    this.#init = init;
    this.#book = new PageBook({
      pages: limits.pages,
      sharesPrefixes: init.options.sharesPrefixes,
      setPages: init.runner.setPages,
    });
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
    this.#queue.add(sequence);
    if (!this.#isLooping) void this.#loop();
  }

  cancel(id: string): boolean {
    const waiting = this.#queue.find(id);
    if (waiting) this.#queue.remove(waiting);
    const sequence = waiting ?? this.#running.get(id)?.sequence;
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
        const planned = flights.length < STEPS_AHEAD ? this.#plan() : [];
        if (planned.length === 0 && flights.length === 0) break;
        const shares = await this.#setMasks(planned);
        if (shares.length === 0 && flights.length === 0) continue;
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
    const all = [...[...this.#running.values()].map(({ sequence }) => sequence), ...this.#queue.drain()];
    for (const { id } of all) this.#release(id);
    for (const sequence of all) sequence.fail(code, message);
  }

  /** Moves waiting sequences into free slots while there is memory for all that they may come to need. */
  #admit(): void {
    if (this.#queue.length === 0 && this.#running.size === 0) this.#queue.forget();
    for (let next = this.#queue.next(); next && this.#freeSlots.length > 0; next = this.#queue.next()) {
      const slot = present(this.#freeSlots.at(-1), 'free slot');
      const pages = this.#book.open(next, slot);
      if (!pages) return;
      this.#freeSlots.pop();
      this.#queue.remove(next);
      this.#queue.charge(next.requester, next.tokens.length - pages.sharedPositions, 0);
      this.promptTokensShared += pages.sharedPositions;
      this.#init.runner.setDraw(slot, next.draw);
      this.#running.set(next.id, new Running(next, slot, pages));
    }
  }

  #release(id: string): void {
    const run = this.#running.get(id);
    if (!run) return;
    this.#running.delete(id);
    // Steps under way may still write to these pages; they were submitted before any step of their next owner, which
    // writes each position before it reads it, and never write to a page that is shared.
    run.pages.close();
    this.#freeSlots.push(run.slot);
  }

  #plan(): StepShare<Running>[] {
    const { maxRows, maxLogitRows } = this.#init.runner.state.limits;
    for (const run of this.#running.values()) {
      const caughtUp = run.known > run.scheduled ? run.pages.catchUp(run.scheduled) : run.scheduled;
      this.promptTokensShared += caughtUp - run.scheduled;
      run.scheduled = caughtUp;
    }
    const runs = [...this.#running.values()].filter(
      (run, at, all) =>
        run.known - run.scheduled <= 1 || !all.slice(0, at).some((first) => run.pages.willShare(first.pages)),
    );
    const canGuess = this.#init.options.speculates && this.#running.size <= MAX_GUESSING;
    const guesses = new Map(canGuess ? runs.map((run) => [run, run.draft(MAX_GUESSES)] as const) : []);
    const hasGuess = (run: Running) => (guesses.get(run)?.length ?? 0) > 0;
    // A sequence with a guess waits until its last token is known instead of running ahead.
    const ready = runs.filter((run) => !hasGuess(run) || run.known > run.scheduled);
    const spare = guesses.size * MAX_GUESSES;
    const budget = { promptRows: this.#promptRows, maxRows: maxRows - spare, maxLogitRows: maxLogitRows - spare };
    const shares = planStep(ready, budget);
    return shares.map((share) => {
      const { run, count, logitRows } = share;
      const tokens = guesses.get(run) ?? [];
      if (count !== 1 || logitRows !== 1 || tokens.length === 0 || share.first !== run.known - 1) return share;
      run.speculate(tokens);
      return { ...share, count: 1 + tokens.length, logitRows: 1 + tokens.length };
    });
  }

  /** Tells the GPU what constrained sequences may draw; those whose constraint leads nowhere fail and are left out. */
  async #setMasks(shares: readonly StepShare<Running>[]): Promise<readonly StepShare<Running>[]> {
    const failed = new Set<StepShare<Running>>();
    for (const share of shares) {
      const { sequence, slot } = share.run;
      if (!sequence.constraint || share.logitRows === 0) continue;
      try {
        this.#init.runner.setMask(slot, await sequence.constraint.mask());
      } catch (error) {
        failed.add(share);
        this.#release(sequence.id);
        const code = error instanceof AppError ? error.code : 'internal';
        sequence.fail(code, error instanceof Error ? error.message : String(error));
      }
    }
    return failed.size === 0 ? shares : shares.filter((share) => !failed.has(share));
  }

  async #submit(shares: readonly StepShare<Running>[]): Promise<Flight> {
    const { runner, now } = this.#init;
    const submittedMs = now();
    const rows = shares.flatMap(({ run, first, count, logitRows }) => run.rows(first, count, logitRows));
    const { result } = await runner.submit(rows);
    // A failure is met where the step is delivered, unless another comes first.
    result.catch(() => undefined);
    for (const { run, first, count } of shares) {
      run.scheduled = first + count;
      run.pages.keep(Math.min(run.scheduled, run.known));
      this.promptTokensComputed += Math.max(0, Math.min(run.promptLength - first, count));
    }
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
      const before = run.known;
      for (let i = count - logitRows; i < count; i++, row++) this.#take(run, epoch, first + i, picks[row], logits[row]);
      if (run.epoch === epoch) run.settle();
      tokens += run.known - before;
      this.#queue.charge(run.sequence.requester, 0, run.known - before);
    }
    onTokens(tokens);
  }

  /** Gives a sequence the pick of one of its rows, if that row still counts. */
  #take(run: Running, epoch: number, position: number, pick: Pick | undefined, logits: Float32Array | undefined): void {
    const isAlive = this.#running.get(run.sequence.id) === run && run.epoch === epoch;
    if (!isAlive || !pick || !run.isConfirmed(position)) return;
    if (!pick.isCertain && !logits) run.redo(position);
    else if (run.take(pick, logits)) this.#release(run.sequence.id);
  }

  #pace(stepMs: number, rows: number): void {
    const { maxRows } = this.#init.runner.state.limits;
    if (stepMs > STEP_TARGET_MS * 1.5) this.#promptRows = Math.max(1, Math.floor(this.#promptRows / 2));
    else if (stepMs < STEP_TARGET_MS / 2 && rows >= this.#promptRows)
      this.#promptRows = Math.min(maxRows, this.#promptRows * 2);
  }
}
