/** Steps of about as many rows take about as long; those of other sizes say nothing about each other. */
const WARM_UP_STEPS = 8;
/** So many steps of one size are a pace. */
const PACE_STEPS = 9;
/** What was measured longer ago says nothing about now. */
const FRESH_MS = 5_000;
/** A growing context makes steps longer by itself: the usual pace follows, doubling over some thousand steps. */
const DRIFT = 1.0003;

interface Pace {
  steps: number;
  readonly lastMs: number[];
  usualMs: number;
}

/**
 * How much longer steps take now than they usually do: the engine's own sign that something else uses the GPU, or that it
 * is hot. The usual is the shortest median of nine steps of a size, so that a slow hour never becomes the measure.
 */
export class StepSlowdown {
  readonly #paces = new Map<number, Pace>();
  #doneMs = 0;
  #ratio = 1;
  #measuredMs = -Infinity;

  /** Learns from a step of `rows` rows that was submitted and came back at these times, in milliseconds. */
  note({
    rows,
    submittedMs,
    doneMs,
  }: {
    readonly rows: number;
    readonly submittedMs: number;
    readonly doneMs: number;
  }) {
    // Steps queue behind each other: one begins when the one before it is done.
    const stepMs = doneMs - Math.max(submittedMs, this.#doneMs);
    this.#doneMs = doneMs;
    const size = Math.ceil(Math.log2(Math.max(1, rows)));
    const pace = this.#paces.get(size) ?? { steps: 0, lastMs: [], usualMs: Infinity };
    this.#paces.set(size, pace);
    pace.steps += 1;
    // The first steps of a size compile and fill caches.
    if (pace.steps <= WARM_UP_STEPS) return;
    pace.lastMs.push(stepMs);
    if (pace.lastMs.length < PACE_STEPS) return;
    const medianMs = pace.lastMs.toSorted((a, b) => a - b)[PACE_STEPS >> 1] ?? stepMs;
    pace.lastMs.shift();
    pace.usualMs = Math.min(pace.usualMs * DRIFT, medianMs);
    if (!(pace.usualMs > 0)) return;
    this.#ratio = medianMs / pace.usualMs;
    this.#measuredMs = doneMs;
  }

  /** 1 at the usual pace, 2 at half of it; undefined where nothing was measured in the last seconds. */
  at(nowMs: number): number | undefined {
    return nowMs - this.#measuredMs <= FRESH_MS ? this.#ratio : undefined;
  }
}
