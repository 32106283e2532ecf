/**
 * `npm run bench:serving -- MODEL.gguf [workload] [adapters] [constraints] [load --minutes 10]`: what the engine does under
 * load, on whatever GPU Dawn finds; `random` for a model is one as wide as SmolLM2-135M. Everything is a ratio of one run, or
 * a share.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { copyBytes } from '../base/bytes.ts';
import { openDawn } from './open-dawn.ts';
import { timeAdapters } from './serving/adapter-times.ts';
import { countValid } from './serving/constrained.ts';
import { runMixedLoad } from './serving/mixed-load.ts';
import { ALL_TARGETS, ATTENTION_TARGETS } from './serving/random-adapter.ts';
import { randomModel } from './serving/random-model.ts';
import { openServing } from './serving/serving-bench.ts';
import { runWorkload, type Workload } from './serving/workload.ts';

const LOAD: Omit<Workload, 'arrivalMs'> = {
  requests: 64,
  beginnings: 8,
  beginningTokens: 128,
  ownTokens: 24,
  newTokens: 24,
};
/** Over ten seconds a small model's device idles between requests; at once, they queue on any. */
const LOADS = [
  ['over 10 s', 10_000],
  ['over 1 s ', 1000],
] as const;
const BATCH = 16;
const PROMPTS = 500;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' } },
});
const [path, ...wanted] = positionals;
if (!path) {
  console.error(
    'usage: npm run bench:serving -- MODEL.gguf|random [workload] [adapters] [constraints] [load --minutes 10]',
  );
  process.exit(2);
}
const asks = (name: string) => wanted.length === 0 || wanted.includes(name);
const gpu = await openDawn();
const file = path === 'random' ? randomModel() : copyBytes(await readFile(path));

if (asks('workload')) {
  for (const [name, arrivalMs] of LOADS) {
    for (const sharesPrefixes of [false, true]) {
      const bench = await openServing(gpu, file, { contextTokens: 512, sharesPrefixes });
      await bench.run({});
      const result = await runWorkload(bench, { ...LOAD, arrivalMs }, 5, sharesPrefixes);
      const { waits, slowdowns } = result;
      const ratio = waits.most / waits.median;
      console.log(
        `workload, ${name}, prefixes ${sharesPrefixes ? 'shared' : 'apart '}: ${result.computed} of ${result.promptTokens} ` +
          `prompt tokens computed (${(100 - (100 * result.computed) / result.promptTokens).toFixed(1)} % less; 40 asked), ` +
          `first token after ${waits.median.toFixed(0)} ms in the middle, ${waits.most.toFixed(0)} ms at the slowest ` +
          `(${ratio.toFixed(2)} ×; 3 asked), which is ${slowdowns.median.toFixed(2)} and at most ` +
          `${slowdowns.most.toFixed(2)} times what each takes alone; ${(result.totalMs / 1000).toFixed(1)} s in all, ` +
          `${result.failed} failed`,
      );
      await bench.close();
    }
  }
}
if (asks('adapters')) {
  const bench = await openServing(gpu, file, { contextTokens: 256, slots: BATCH });
  for (const [name, targets] of [
    ['q, k, v and o', ATTENTION_TARGETS],
    ['all products', ALL_TARGETS],
  ] as const) {
    const times = await timeAdapters(bench, BATCH, 32, targets);
    console.log(
      `${BATCH} sequences with ${BATCH} adapters of rank 16 on ${name}: ${times.ratio.toFixed(2)} × the base batch, 1.25 asked ` +
        `(CPU ${times.cpuRatio.toFixed(2)} ×; ${times.plainMs.toFixed(2)} ms a token without); ` +
        `swap ${(times.coldMs - times.warmMs).toFixed(1)} ms, 50 asked, laying out ${times.loadMs.toFixed(1)} ms`,
    );
  }
  await bench.close();
}
if (asks('constraints')) {
  const bench = await openServing(gpu, file, { contextTokens: 512, slots: BATCH });
  const { valid, cut, total, ms, freeMs } = await countValid(bench, PROMPTS);
  console.log(
    `constraints: ${valid} of ${total} answers valid (all asked), ${cut} cut by their length; ${(ms / 1000).toFixed(1)} s, ` +
      `as many free tokens ${(freeMs / 1000).toFixed(1)} s`,
  );
  await bench.close();
}
// Only when it is named, as it takes its time.
if (wanted.includes('load')) {
  const bench = await openServing(gpu, file, { contextTokens: 256 });
  const report = await runMixedLoad(bench, Number(values.minutes) * 60_000);
  const megabytes = report.heapBytes.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ');
  console.log(
    `${values.minutes} minutes of mixed load: ${report.requests} requests, ${report.surprises.length} ended otherwise than ` +
      `they should; GPU memory within ${(100 * report.gpuDrift).toFixed(2)} %, heap within ` +
      `${(100 * report.heapDrift).toFixed(2)} %, ${(100 * report.objectsDrift).toFixed(2)} % without compiled code ` +
      `(2 % asked; MB: ${megabytes}) ${report.surprises.slice(0, 5).join('; ')}`,
  );
  await bench.close();
}
process.exit(0);
