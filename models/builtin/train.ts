/**
 * `npm run train:builtin -- --steps N [--out FOLDER] [--fresh]`: trains the built-in model up to step N of its recipe, under
 * Node and Dawn. Goes on from the folder's checkpoint; writes the loss curve as JSONL and the model so far as GGUF.
 */
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createModelTokenizer } from '../../src/engine/index.ts';
import { openGpu } from '../../src/gpu/index.ts';
import { openDawn } from '../../src/headless/index.ts';
import { createTrainer, initialParameters, type PackedBatch } from '../../src/training/index.ts';
import { parseGgufHeader } from '../../src/weights/index.ts';
import { readCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { nextBatch, type CorpusCursor } from './corpus-batches.ts';
import { startWithInduction } from './induction-start.ts';
import { ABOUT, CONFIG, learningRateAt, RECIPE } from './recipe.ts';
import { builtinTokenizerMetadata } from './tokenizer/builtin-tokenizer.ts';
import { writeModel } from './write-model.ts';

const CHECKPOINT_STEPS = 100;
const EVALUATION_BATCHES = 8;

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: String(RECIPE.steps) },
    out: { type: 'string', default: 'data/builtin' },
    fresh: { type: 'boolean', default: false },
  },
});
const last = Math.min(RECIPE.steps, Number(values.steps));
if (!(last > 0)) throw new Error(`--steps ${values.steps} is no number of steps`);
const folder = values.out;
if (values.fresh) await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

const about = { ...ABOUT, ...builtinTokenizerMetadata(RECIPE.seed, CONFIG.vocabulary) };
const first = initialParameters(CONFIG, RECIPE.seed, RECIPE.initialDeviation);
startWithInduction(CONFIG, first, RECIPE.seed);
const tokenizer = createModelTokenizer(parseGgufHeader(writeModel(CONFIG, first, about)));
const { batchPositions, seed, weightDecay, beta1, beta2, clip } = RECIPE;
const next = (split: 'train' | 'held-out', from: CorpusCursor) =>
  nextBatch(tokenizer, seed, split, from, batchPositions);

const gpu = await openGpu(await openDawn());
const trainer = await createTrainer({ gpu, config: CONFIG, parameters: first, batchTokens: batchPositions });
const found = await readCheckpoint(folder);
if (found) trainer.restoreState(found.state);
let cursor: CorpusCursor = found?.cursor ?? { row: 0 };
const begin = found?.state.step ?? 0;
console.log(`${gpu.report.description}; ${trainer.allocatedBytes} bytes; steps ${begin} to ${last}`);

const held: PackedBatch[] = [];
for (let at: CorpusCursor = { row: 0 }; held.length < EVALUATION_BATCHES;) {
  const made = next('held-out', at);
  held.push(made.batch);
  at = made.cursor;
}

const keep = async () => {
  await saveCheckpoint(folder, { state: await trainer.saveState(), cursor });
  await writeFile(join(folder, 'model.gguf'), writeModel(CONFIG, await trainer.readParameters(), about));
};
let seconds = performance.now() / 1000;
for (let step = begin; step < last; step++) {
  const made = next('train', cursor);
  const learningRate = learningRateAt(step);
  const { loss, gradNorm, tokens } = await trainer.step([made.batch], {
    learningRate,
    weightDecay,
    beta1,
    beta2,
    clip,
  });
  cursor = made.cursor;
  const now = performance.now() / 1000;
  const isKept = (step + 1) % CHECKPOINT_STEPS === 0 || step + 1 === last;
  const line = {
    step: step + 1,
    loss,
    gradNorm,
    learningRate,
    labels: tokens,
    tokensPerSecond: Math.round(batchPositions / (now - seconds)),
    ...(isKept ? { heldOutLoss: (await trainer.evaluate(held)).loss } : {}),
  };
  await appendFile(join(folder, 'loss.jsonl'), `${JSON.stringify(line)}\n`);
  if ((step + 1) % 10 === 0 || isKept) console.log(JSON.stringify(line));
  if (isKept) await keep();
  seconds = performance.now() / 1000;
}
process.exit(0);
