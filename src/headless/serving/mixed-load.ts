import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AdapterRoot } from '../../base/branded.ts';
import { delay, systemClock } from '../../base/clock.ts';
import { createRandom, type Random } from '../../base/random.ts';
import { ALL_TARGETS, ATTENTION_TARGETS, randomAdapter } from './random-adapter.ts';
import type { ServingBench } from './serving-bench.ts';

export interface LoadReport {
  readonly requests: number;
  /** Events that were not what the request should end with. */
  readonly surprises: readonly string[];
  /** Greatest less least, of the mean, over the samples after the first fifth. */
  readonly gpuDrift: number;
  readonly heapDrift: number;
  /** The same without the code that the compiler keeps and throws away as it sees fit. */
  readonly objectsDrift: number;
  readonly heapBytes: readonly number[];
}

type Ending = 'done' | 'cancelled' | `failed ${string}`;

/** Sequences kept under way. */
const ABREAST = 12;
const SAMPLES = 20;
const ADAPTERS = 6;
/** Collections at most until nothing more goes, and what counts as nothing. */
const COLLECTIONS = 24;
const NOTHING_BYTES = 4_096;
/** In a row. */
const STILL = 4;
/** Share of the samples that the load may take to come to its full height. */
const WARM_UP = 0.2;

const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 6 }, age: { type: 'integer', minimum: 0, maximum: 99 } },
  required: ['name', 'age'],
};

/** Generates, cancels, constrains, adapts, scores and fails by name side by side, and watches what stays allocated. */
export async function runMixedLoad(bench: ServingBench, durationMs: number): Promise<LoadReport> {
  const random = createRandom(21);
  const surprises: string[] = [];
  const heap: number[] = [];
  const objects: number[] = [];
  const gpu: number[] = [];
  const endMs = performance.now() + durationMs;
  let requests = 0;
  for (let i = 0; i < ADAPTERS; i++) await load(bench, i);
  const workUntil = async (untilMs: number) => {
    while (performance.now() < untilMs) {
      requests++;
      const fault = await request(bench, random);
      if (fault) surprises.push(fault);
    }
  };
  for (let i = 0; i < SAMPLES; i++) {
    const untilMs = endMs - (durationMs * (SAMPLES - 1 - i)) / SAMPLES;
    await Promise.all(Array.from({ length: ABREAST }, () => workUntil(untilMs)));
    // Between two rounds nothing is under way, so that what is seen is what stays.
    heap.push(await heapAfterCollection());
    objects.push((heap.at(-1) ?? 0) - compiledBytes());
    gpu.push((await bench.engine.stats()).gpuBytes);
  }
  const drift = (samples: readonly number[]) => spread(samples.slice(Math.floor(SAMPLES * WARM_UP)));
  return {
    requests,
    surprises,
    gpuDrift: drift(gpu),
    heapDrift: drift(heap),
    objectsDrift: drift(objects),
    heapBytes: heap,
  };
}

const adapterOf = (i: number) => `adapter ${i}` as AdapterRoot;

async function load({ engine, header, root }: ServingBench, i: number): Promise<void> {
  const targets = i % 2 ? ALL_TARGETS : ATTENTION_TARGETS;
  await engine.loadAdapter(root, adapterOf(i), randomAdapter(header, [8, 16, 64][i % 3] ?? 8, targets, i, 1e-3));
}

/** One thing that a page may ask for; gives what was not as it should be. */
async function request(bench: ServingBench, random: Random): Promise<string | undefined> {
  const { engine, root, run, vocabulary } = bench;
  const prompt = Uint32Array.from({ length: 4 + random.below(40) }, () => 262 + random.below(vocabulary - 262));
  const part = { prompt, maxTokens: 4 + random.below(24), record: random.below(1000) };
  const expectEnd = async (ended: Promise<{ last: { t: string } }>, expected: Ending) => {
    const { last } = await ended;
    const found = last.t === 'failed' ? `failed ${(last as unknown as { code: string }).code}` : last.t;
    return found === expected || (expected === 'cancelled' && found === 'done')
      ? undefined
      : `${found}, not ${expected}`;
  };
  const kinds: readonly (() => Promise<string | undefined>)[] = [
    () => expectEnd(run(part), 'done'),
    () => expectEnd(run({ ...part, adapter: adapterOf(random.below(ADAPTERS)) }), 'done'),
    () => expectEnd(run({ ...part, maxTokens: 64, constraint: { schema: SCHEMA } }), 'done'),
    () => expectEnd(run({ ...part, constraint: { choices: ['yes', 'no', `maybe ${random.below(64)}`] } }), 'done'),
    async () => {
      const id = `to be cancelled ${random.u32()}`;
      const ended = run({ ...part, id, maxTokens: 200, adapter: adapterOf(0), constraint: { schema: true } });
      await delay(systemClock, random.below(60));
      await engine.cancel(id);
      return expectEnd(ended, 'cancelled');
    },
    () => expectEnd(run({ ...part, adapter: 'none' as AdapterRoot }), 'failed adapter-not-loaded'),
    () => expectEnd(run({ ...part, constraint: { schema: false } }), 'failed constraint-unsatisfiable'),
    () => expectEnd(run({ ...part, stop: Array.from({ length: 1000 }, String) }), 'failed request-invalid'),
    async () => {
      await engine.score(root, prompt.slice(0, 8));
      return undefined;
    },
    async () => {
      // One of its own: who asks for one that another has just unloaded is refused, as it should be.
      const i = ADAPTERS + random.u32();
      await load(bench, i);
      const fault = await expectEnd(run({ ...part, adapter: adapterOf(i) }), 'done');
      await engine.unloadAdapter(root, adapterOf(i));
      return fault;
    },
  ];
  return await kinds[random.below(kinds.length)]?.();
}

/** What hangs on finalizers goes in the turn after a collection, and code that has grown old after some: many of both. */
async function heapAfterCollection(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0, still = 0; i < COLLECTIONS && still < STILL; i++) {
    collect();
    await delay(systemClock, 20);
    const { heapUsed } = process.memoryUsage();
    still = least - heapUsed > NOTHING_BYTES ? 0 : still + 1;
    least = Math.min(least, heapUsed);
  }
  return least;
}

function compiledBytes(): number {
  const code = getHeapCodeStatistics();
  return code.code_and_metadata_size + code.bytecode_and_metadata_size;
}

function spread(samples: readonly number[]): number {
  const mean = samples.reduce((a, b) => a + b, 0) / samples.length;
  return (Math.max(...samples) - Math.min(...samples)) / mean;
}
