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
  /** Milliseconds to the first token, ascending. */
  readonly waitsMs: readonly number[];
  readonly totalMs: number;
  readonly failed: number;
}

export async function runWorkload(bench: ServingBench, load: Workload, seed: number): Promise<WorkloadResult> {
  const random = createRandom(seed);
  const beginnings = Array.from({ length: load.beginnings }, () => randomTokens(bench, load.beginningTokens, random));
  const arrivals = Array.from({ length: load.requests }, () => random.uniform() * load.arrivalMs).toSorted(
    (a, b) => a - b,
  );
  const before = await bench.engine.stats();
  const startMs = performance.now();
  const runs: Promise<Outcome>[] = [];
  let promptTokens = 0;
  for (const [i, arrivalMs] of arrivals.entries()) {
    const own = randomTokens(bench, load.ownTokens, random);
    const prompt = Uint32Array.from([1, ...(beginnings[zipf(load.beginnings, random)] ?? []), ...own]);
    promptTokens += prompt.length;
    await delay(systemClock, Math.max(0, startMs + arrivalMs - performance.now()));
    runs.push(bench.run({ prompt, maxTokens: load.newTokens, record: i, requester: `person ${random.below(8)}` }));
  }
  const outcomes = await Promise.all(runs);
  const after = await bench.engine.stats();
  return {
    promptTokens,
    computed: after.promptTokensComputed - before.promptTokensComputed,
    shared: after.promptTokensShared - before.promptTokensShared,
    waitsMs: outcomes.flatMap(({ firstTokenMs }) => firstTokenMs ?? []).toSorted((a, b) => a - b),
    totalMs: performance.now() - startMs,
    failed: outcomes.filter(({ last }) => last.t !== 'done').length,
  };
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
