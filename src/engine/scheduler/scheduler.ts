import { present } from '../../base/invariant.ts';
import { AppError } from '../../base/app-error.ts';
import type { Pick, StepResult } from '../model/model-runner.ts';
import type { DutyPace } from './duty-pace.ts';
import { FairQueue } from './fair-queue.ts';
import { planRunning } from './plan-running.ts';
import type { StepShare } from './plan-step.ts';
import { PromptPace } from './prompt-pace.ts';
import { StepSlowdown } from './step-slowdown.ts';
import { Running } from './running.ts';
import type { Sequence } from './sequence.ts';
import { setMasks } from './set-masks.ts';
import { openStage, type OpenStage, type Stage } from './stage.ts';

/**
 * Runs the sequences of one model together, a step at a time, and lets those wait that find no slot or no pages. It
 * outlives the GPU: what runs when a device is lost waits and is computed again on the next, to the same tokens, as all
 * that decides them (prompt, tokens so far, draw) is kept here.
 */
export interface Scheduler {
  readonly running: number;
  readonly waiting: number;
  /** How much longer steps take now than they usually do; undefined while nothing runs. */
  readonly slowdown: number | undefined;
  readonly promptTokensComputed: number;
  readonly promptTokensShared: number;
  add(sequence: Sequence): void;
  /** Ends a sequence at once, even while a step computes for it; false if it is not here. */
  cancel(id: string): boolean;
  /** Lets everything wait: the runner is gone with its device, and with it whatever was computed. */
  suspend(): void;
  /** Goes on with a new runner. */
  resume(stage: Stage): void;
  /** Ends those that are here by name. */
  failAll(code: string, message: string): void;
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
  readonly onTokens: (count: number) => void;
  readonly options: SchedulerOptions;
  /** Rests while all that is here is for others. */
  readonly duty: DutyPace;
  /** Milliseconds; for the pace of prompts and the duty only. */
  readonly now: () => number;
}

/**
 * Steps under way at once: while one is computed the next is queued already, so that reading tokens back costs no idle
 * time. What a sequence computed beyond its end is thrown away: at most this many rows less one.
 */
const STEPS_AHEAD = 2;

/** The requester of what this device's own person asks for: it never rests for the sake of a share. */
const OWN = '';

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
  readonly #queue = new FairQueue();
  readonly #running = new Map<string, Running>();
  /** Those that ran before and wait again: their prompts are paid for. */
  readonly #interrupted = new WeakSet<Sequence>();
  #stage: OpenStage | undefined;
  readonly #pace = new PromptPace();
  readonly #slowdown = new StepSlowdown();
  promptTokensComputed = 0;
  promptTokensShared = 0;
  #stopped: { readonly code: string; readonly message: string } | undefined;

  constructor(init: Init) {
    this.#init = init;
  }

  get running(): number {
    return this.#running.size;
  }

  get slowdown(): number | undefined {
    return this.#slowdown.at(this.#init.now());
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
    if (sequence.requester === OWN) this.#init.duty.wake();
    this.#wake();
  }

  suspend(): void {
    this.#stage = undefined;
    this.#interrupt([...this.#running.values()]);
  }

  resume(stage: Stage): void {
    this.suspend();
    this.#stage = openStage(stage, this.#init.options.sharesPrefixes);
    this.#wake();
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

  failAll(code: string, message: string): void {
    const all = [...[...this.#running.values()].map(({ sequence }) => sequence), ...this.#queue.drain()];
    for (const { id } of all) this.#release(id);
    for (const sequence of all) sequence.fail(code, message);
  }

  stop(code: string, message: string): void {
    this.#stopped ??= { code, message };
    this.failAll(code, message);
  }

  #wake(): void {
    const stage = this.#stage;
    if (stage && !stage.isLooping && this.#queue.length > 0) void this.#loop(stage);
  }

  async #loop(stage: OpenStage): Promise<void> {
    stage.isLooping = true;
    // A turn of the event loop first, so that requests that arrive together start together.
    await Promise.resolve();
    const flights: Flight[] = [];
    while (this.#stage === stage) {
      try {
        if (flights.length === 0 && this.#isForOthers()) await this.#init.duty.rest();
        if (this.#stage !== stage) break;
        this.#admit(stage);
        const ahead = this.#init.duty.share < 1 && this.#isForOthers() ? 1 : STEPS_AHEAD;
        const planned = flights.length < ahead ? this.#plan(stage) : [];
        if (planned.length === 0 && flights.length === 0) break;
        const shares = await setMasks(stage.runner, planned, (run, error) => this.#fail(run, error));
        if (shares.length === 0 && flights.length === 0) continue;
        if (shares.length > 0) flights.push(await this.#submit(stage, shares));
        if (shares.length > 0 && flights.length < ahead) continue;
        const [first] = flights.splice(0, 1);
        if (first) await this.#deliver(stage, first);
      } catch (error) {
        if (!(await this.#survive(stage, error))) flights.length = 0;
      }
    }
    stage.isLooping = false;
  }

  /** Deals with a failed step; false if the steps under way failed with it. */
  async #survive(stage: OpenStage, error: unknown): Promise<boolean> {
    const why = await stage.explain(error);
    if (this.#stage !== stage) return false;
    const [code, message] = described(why);
    if (code === 'device-lost') {
      this.suspend();
      return false;
    }
    const runs = [...this.#running.values()];
    if (code === 'out-of-memory' && runs.length > 1) {
      stage.mayRun = Math.floor(runs.length / 2);
      this.#interrupt(runs.slice(stage.mayRun));
      return true;
    }
    this.failAll(code, message);
    return false;
  }

  /** Ends one sequence by name, if it has not ended already. */
  #fail(run: Running, error: unknown): void {
    if (!this.#isAlive(run)) return;
    this.#release(run.sequence.id);
    run.sequence.fail(...described(error));
  }

  /** Puts running sequences back to where they wait, the first in turn; what was computed for them is given up. */
  #interrupt(runs: readonly Running[]): void {
    for (const { sequence } of runs) {
      this.#release(sequence.id);
      this.#interrupted.add(sequence);
    }
    this.#queue.putBack(runs.map(({ sequence }) => sequence));
  }

  /** Moves waiting sequences into free slots while there is memory for all that they may come to need. */
  #admit({ runner, book, freeSlots, mayRun }: OpenStage): void {
    if (this.#queue.length === 0 && this.#running.size === 0) this.#queue.forget();
    for (let next = this.#queue.next(); next && this.#running.size < mayRun; next = this.#queue.next()) {
      const slot = present(freeSlots.at(-1), 'free slot');
      const pages = book.open(next, slot);
      if (!pages) return;
      if (next.adapter && !runner.adapters.open(next.adapter, slot)) {
        pages.close();
        return;
      }
      freeSlots.pop();
      this.#queue.take(next);
      const prompt = this.#interrupted.delete(next) ? 0 : next.tokens.length - pages.sharedPositions;
      this.#queue.charge(next.requester, prompt, 0);
      this.promptTokensShared += pages.sharedPositions;
      runner.setDraw(slot, next.draw);
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
    this.#stage?.runner.adapters.close(run.slot);
    this.#stage?.freeSlots.push(run.slot);
  }

  #plan({ runner }: OpenStage): StepShare<Running>[] {
    for (const run of this.#running.values()) {
      const caughtUp = run.known > run.scheduled ? run.pages.catchUp(run.scheduled) : run.scheduled;
      this.promptTokensShared += caughtUp - run.scheduled;
      run.scheduled = caughtUp;
    }
    const { speculates } = this.#init.options;
    return planRunning([...this.#running.values()], {
      limits: runner.state.limits,
      promptRows: this.#pace.rows,
      speculates,
    });
  }

  async #submit({ runner }: OpenStage, shares: readonly StepShare<Running>[]): Promise<Flight> {
    const submittedMs = this.#init.now();
    const rows = shares.flatMap(({ run, first, count, logitRows }) => run.rows(first, count, logitRows));
    const { result } = await runner.submit(rows);
    // A failure is met where the step is delivered, unless another comes first.
    result.catch(() => undefined);
    for (const { run, first, count } of shares) {
      // One that ended meanwhile has given its pages back.
      if (!this.#isAlive(run)) continue;
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

  async #deliver(stage: OpenStage, { shares, rows, submittedMs, result }: Flight): Promise<void> {
    const { now, onTokens, duty } = this.#init;
    const { picks, logits } = await result;
    const doneMs = now();
    this.#pace.note({ rows, submittedMs, doneMs }, stage.runner.state.limits.maxRows);
    this.#slowdown.note({ rows, submittedMs, doneMs });
    if (this.#isForOthers()) duty.worked(doneMs - submittedMs);
    let row = 0;
    let tokens = 0;
    for (const { run, first, count, logitRows, epoch } of shares) {
      const before = run.known;
      for (let i = count - logitRows; i < count; i++, row++) this.#take(run, epoch, first + i, picks[row], logits[row]);
      if (run.epoch === epoch) run.settle(first + count);
      tokens += run.known - before;
      this.#queue.charge(run.sequence.requester, 0, run.known - before);
    }
    onTokens(tokens);
  }

  /** Nothing here was asked for by this device's own person. */
  #isForOthers(): boolean {
    return !this.#queue.has(OWN) && [...this.#running.values()].every(({ sequence }) => sequence.requester !== OWN);
  }

  #isAlive(run: Running): boolean {
    return this.#running.get(run.sequence.id) === run;
  }

  /** Gives a sequence the pick of one of its rows, if that row still counts. */
  #take(run: Running, epoch: number, position: number, pick: Pick | undefined, logits: Float32Array | undefined): void {
    if (!this.#isAlive(run) || run.epoch !== epoch || !pick || !run.isConfirmed(position)) return;
    if (!pick.isCertain && !logits) run.redo(position);
    else if (run.take(pick, logits, position)) {
      this.#release(run.sequence.id);
      // Where steps found no memory before, one more may be tried now.
      if (this.#stage) this.#stage.mayRun = Math.min(this.#stage.mayRun + 1, this.#stage.runner.state.limits.slots);
    }
  }
}

function described(error: unknown): [code: string, message: string] {
  const code = error instanceof AppError ? error.code : 'internal';
  return [code, error instanceof Error ? error.message : String(error)];
}
