import { afterEach, expect, test } from 'vitest';
import type { ModelRoot } from '../../base/branded.ts';
import { copyBytes } from '../../base/bytes.ts';
import type { ModelSource } from '../../engine/index.ts';
import { readModelConfig } from '../../engine/model/config.ts';
import { createSigner } from '../../protocol/index.ts';
import { estimateMemory } from '../../training/run/estimate-memory.ts';
import { createIdbPieceStore, listPieces, parseGgufHeader } from '../../weights/index.ts';
import { buildModel } from '../../weights/page-index.ts';
import baseUrl from '../../../public/models/starling-builtin.gguf?url';
import rows from '../../../models/personas/innkeeper.jsonl?raw';
import type { StudioChoice } from './kept-run.ts';
import { createStudio, type Studio } from './studio.ts';

const opened: Studio[] = [];
afterEach(async () => {
  for (const studio of opened.splice(0)) await studio.discard();
});

const file = (async () => copyBytes(new Uint8Array(await (await fetch(baseUrl)).arrayBuffer())))();
const config = file.then((bytes) => readModelConfig(parseGgufHeader(bytes)));

/** Puts the built-in model into this page's store. */
async function storeBase(): Promise<ModelSource> {
  const bytes = await file;
  const read = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
  const named = { name: 'base.gguf', sizeBytes: bytes.byteLength, read };
  const { manifest } = await buildModel(named, { signer: createSigner(new Uint8Array(32)) });
  const pieces = createIdbPieceStore();
  const list = listPieces(manifest);
  for (const { hash, start, end } of list) await pieces.put(hash, bytes.slice(start, end));
  const { root, headerBytes } = manifest;
  return { root, headerBytes, pieces: list.map(({ hash, start, end }) => ({ hash, sizeBytes: end - start })) };
}
const source = storeBase();
const lora = { rank: 4, alpha: 8 };

async function openStudio() {
  const { root } = await source;
  const started: { weights: Awaited<ReturnType<Studio['trial']>> } = { weights: undefined };
  const studio = createStudio({
    openBase: () => source,
    readConfig: () => config,
    openAdapter: async () => ({ base: root, weights: started.weights?.weights ?? new Map() }),
    shelve: async () => root,
  });
  opened.push(studio);
  const choice: StudioChoice = {
    model: root,
    modelName: 'base.gguf',
    fileName: 'innkeeper.jsonl',
    jsonl: rows.split('\n').slice(0, 12).join('\n'),
    settings: { lora, rate: { peak: 0.01 }, epochs: 1, stepTokens: 256, seed: 1 },
    sizes: { batchTokens: 256, evaluateEvery: 100, checkpointEvery: 100 },
  };
  return { studio, choice, started };
}

test('a run that finds no memory is offered smaller micro-batches, and is made with them', async () => {
  const { studio, choice } = await openStudio();
  const needs = async (batchTokens: number) =>
    estimateMemory(await config, 0, { lora, batchTokens, checkpointing: false, momentBits: 32 }).total;
  const budgetBytes = ((await needs(256)) + (await needs(128))) / 2;
  await studio.prepare({ ...choice, sizes: { ...choice.sizes, budgetBytes } });
  const { problem, remedy, phase } = studio.view();
  expect(problem?.code).toBe('training/out-of-memory');
  expect({ remedy, phase }).toEqual({ remedy: { kind: 'smaller', batchTokens: 128 }, phase: 'empty' });
  await studio.remedy();
  expect(studio.view()).toMatchObject({ phase: 'ready', problem: undefined, choice: { sizes: { batchTokens: 128 } } });
});

test('a run that diverges stops by name, keeps its last checkpoint, and goes on from it at a lower rate', async () => {
  const { studio, choice } = await openStudio();
  await studio.prepare({ ...choice, settings: { ...choice.settings, epochs: 4, rate: { peak: 1e20 } } });
  await studio.train();
  expect(studio.view()).toMatchObject({
    phase: 'failed',
    problem: { code: 'training/diverged' },
    savedStep: 0,
    remedy: { kind: 'slower', peak: 1e19 },
  });
  const kept = await studio.kept();
  await studio.remedy();
  expect(studio.view()).toMatchObject({
    phase: 'ready',
    problem: undefined,
    choice: { settings: { rate: { peak: 1e19 } } },
  });
  // What was kept can still be gone on with as it was.
  if (!kept) throw new Error('a run is kept');
  await studio.resume(kept);
  expect(studio.view()).toMatchObject({
    phase: 'ready',
    problem: undefined,
    choice: { settings: { rate: { peak: 1e20 } } },
  });
});

test('a run that begins with an adapter has its form and goes on from what it has learnt', async () => {
  const { studio, choice, started } = await openStudio();
  await studio.prepare({ ...choice, settings: { ...choice.settings, epochs: 3 } });
  await studio.train();
  const before = studio.view().evaluations;
  started.weights = await studio.trial();
  const start = { root: 'a'.repeat(64) as ModelRoot, name: 'mine.gguf' };
  const other = { ...choice.settings, lora: { rank: 16, alpha: 4 } };
  await studio.prepare({ ...choice, settings: other, start });
  expect(studio.view().choice?.settings.lora).toMatchObject({ rank: 4, alpha: 8 });
  await studio.train();
  const [first] = studio.view().evaluations;
  expect(first?.loss).toBe(before.at(-1)?.loss);
  expect(first?.loss).toBeLessThan(before[0]?.loss ?? 0);
});
