import type { AdapterRoot } from '../../base/branded.ts';
import type { ServingBench } from './serving-bench.ts';
import { randomAdapter } from './random-adapter.ts';

const PAIRS = 12;
const RUNS = 5;
const RANK = 16;
/** So small that both batches have the same answers, and so the same work. */
const SCALE = 1e-5;

/** Milliseconds a token; those of the CPU are what counts where the GPU is software and the machine is not idle. */
interface BatchTime {
  readonly ms: number;
  readonly cpuMs: number;
}

export interface AdapterTimes {
  /** Time of a batch in which each sequence has its own adapter to that of the same batch without any, and that of the CPU. */
  readonly ratio: number;
  readonly cpuRatio: number;
  /** Of a token without an adapter. */
  readonly plainMs: number;
  /** Milliseconds to lay an adapter out for the GPU, and of the first token with one that is written there for it… */
  readonly loadMs: number;
  readonly coldMs: number;
  /** …and with one that is there already. */
  readonly warmMs: number;
}

/** Medians of pairs of runs, taken in turns. The model must have as many slots as the batch has sequences. */
export async function timeAdapters(
  bench: ServingBench,
  batch: number,
  newTokens: number,
  targets: readonly string[],
): Promise<AdapterTimes> {
  const { engine, header, root, run } = bench;
  const rootOf = (i: number) => `${targets.length} targets, ${i}` as AdapterRoot;
  let loadMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < batch; i++) {
    const weights = randomAdapter(header, RANK, targets, i, SCALE);
    const startMs = performance.now();
    await engine.loadAdapter(root, rootOf(i), weights);
    loadMs = Math.min(loadMs, performance.now() - startMs);
  }
  const time = async (adapterOf: (i: number) => AdapterRoot | undefined) => {
    const startMs = performance.now();
    const cpu = process.cpuUsage();
    const answers = Array.from({ length: batch }, (_, i) => {
      const adapter = adapterOf(i);
      // A prompt of its own, and a record of its own, so that all run to their end side by side.
      const part = { prompt: Uint32Array.of(1, 300 + i), maxTokens: newTokens, record: i };
      return run(adapter ? { ...part, adapter } : part);
    });
    const outcomes = await Promise.all(answers);
    const ms = performance.now() - startMs;
    const tokens = outcomes.reduce((sum, { last }) => sum + (last.t === 'done' ? last.tokens.length + 1 : 0), 0);
    const { user, system } = process.cpuUsage(cpu);
    return { ms: ms / tokens, cpuMs: (user + system) / 1000 / tokens };
  };
  const pairs: { adapted: BatchTime; plain: BatchTime }[] = [];
  await time(rootOf);
  for (let i = 0; i < PAIRS; i++) pairs.push({ plain: await time(() => undefined), adapted: await time(rootOf) });
  const first = async (adapter: AdapterRoot) =>
    (await run({ prompt: Uint32Array.of(1, 301, 302), maxTokens: 1, adapter })).firstTokenMs ?? 0;
  let coldMs = Number.POSITIVE_INFINITY;
  let warmMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const adapter = rootOf(1000 + i);
    await engine.loadAdapter(root, adapter, randomAdapter(header, RANK, targets, 1000 + i, SCALE));
    coldMs = Math.min(coldMs, await first(adapter));
    warmMs = Math.min(warmMs, await first(adapter));
  }
  for (const adapter of await engine.adaptersOf(root)) await engine.unloadAdapter(root, adapter);
  return {
    ratio: median(pairs.map(({ adapted, plain }) => adapted.ms / plain.ms)),
    cpuRatio: median(pairs.map(({ adapted, plain }) => adapted.cpuMs / plain.cpuMs)),
    plainMs: median(pairs.map(({ plain }) => plain.ms)),
    loadMs,
    coldMs,
    warmMs,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
