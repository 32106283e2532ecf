import { delay, systemClock } from '../../base/clock.ts';
import { createRandom, type Random } from '../../base/random.ts';
import type { Outcome, ServingBench } from './serving-bench.ts';

/** Requests that arrive over some time and begin alike by Zipf's law, as those of a game's characters do. */
export interface Workload {
  readonly requests: number;
  readonly arrivalMs: number;
  /** Different beginnings; the k-th is chosen 1/k as often as the first. */
  readonly beginnings: number;
  readonly beginningTokens: number;
  readonly ownTokens: number;
  readonly newTokens: number;
}

export interface WorkloadResult {
  readonly promptTokens: number;
  readonly computed: number;
  readonly shared: number;
  /** Milliseconds to the first token. */
  readonly waits: Spread;
  /**
   * The same as multiples of what each request takes on an idle engine, where one whose beginning is shared takes less:
   * what others cost it. */
  readonly slowdowns: Spread;
  readonly totalMs: number;
  readonly failed: number;
}

/** In the middle and at the worst. */
export interface Spread {
  readonly median: number;
  readonly most: number;
}

/** Times of each kind on the idle engine, of which the median counts. */
const ALONE = 5;

/** @param sharesPrefixes as the bench was opened */
export async function runWorkload(
  bench: ServingBench,
  load: Workload,
  seed: number,
  sharesPrefixes: boolean,
): Promise<WorkloadResult> {
  const random = createRandom(seed);
  const beginnings = Array.from({ length: load.beginnings }, () => randomTokens(bench, load.beginningTokens, random));
  const arrivals = Array.from({ length: load.requests }, () => random.uniform() * load.arrivalMs).toSorted(
    (a, b) => a - b,
  );
  const before = await bench.engine.stats();
  const startMs = performance.now();
  const runs: Promise<Outcome>[] = [];
  const isFresh: boolean[] = [];
  const seen = new Set<number>();
  let promptTokens = 0;
  for (const [i, arrivalMs] of arrivals.entries()) {
    const own = randomTokens(bench, load.ownTokens, random);
    const beginning = zipf(load.beginnings, random);
    isFresh.push(!sharesPrefixes || !seen.has(beginning));
    seen.add(beginning);
    const prompt = Uint32Array.from([1, ...(beginnings[beginning] ?? []), ...own]);
    promptTokens += prompt.length;
    await delay(systemClock, Math.max(0, startMs + arrivalMs - performance.now()));
    runs.push(bench.run({ prompt, maxTokens: load.newTokens, record: i, requester: `person ${random.below(8)}` }));
  }
  const outcomes = await Promise.all(runs);
  const totalMs = performance.now() - startMs;
  const after = await bench.engine.stats();
  const alone = async (isNew: boolean) => {
    const times: number[] = [];
    for (let i = 0; i < ALONE; i++) {
      const beginning = (isNew ? undefined : beginnings[0]) ?? randomTokens(bench, load.beginningTokens, random);
      const prompt = Uint32Array.from([1, ...beginning, ...randomTokens(bench, load.ownTokens, random)]);
      times.push((await bench.run({ prompt, maxTokens: 1 })).firstTokenMs ?? 0);
    }
    return spreadOf(times).median;
  };
  const freshMs = await alone(true);
  const sharedMs = sharesPrefixes ? await alone(false) : freshMs;
  const waits = outcomes.map(({ firstTokenMs }) => firstTokenMs ?? Number.NaN);
  return {
    promptTokens,
    computed: after.promptTokensComputed - before.promptTokensComputed,
    shared: after.promptTokensShared - before.promptTokensShared,
    waits: spreadOf(waits),
    slowdowns: spreadOf(waits.map((ms, i) => ms / (isFresh[i] ? freshMs : sharedMs))),
    totalMs,
    failed: outcomes.filter(({ last }) => last.t !== 'done').length,
  };
}

function spreadOf(values: readonly number[]): Spread {
  const ordered = values.toSorted((a, b) => a - b);
  return { median: ordered[Math.floor(ordered.length / 2)] ?? 0, most: ordered.at(-1) ?? 0 };
}

function randomTokens(bench: ServingBench, count: number, random: Random): number[] {
  // Beyond the byte and control tokens of every vocabulary.
  return Array.from({ length: count }, () => 262 + random.below(bench.vocabulary - 262));
}

/** 0 to n − 1, the k-th with weight 1 / (k + 1). */
function zipf(n: number, random: Random): number {
  const weights = Array.from({ length: n }, (_, k) => 1 / (k + 1));
  let left = random.uniform() * weights.reduce((a, b) => a + b, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => (left -= weight) < 0),
  );
}
