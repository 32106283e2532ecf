import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeGgufLora } from '../adapters/index.ts';
import type { ModelRoot } from '../base/branded.ts';
import { copyBytes } from '../base/bytes.ts';
import { readModelConfig } from '../engine/model/config.ts';
import { randomAdapter } from '../engine/testing/random-adapter.ts';
import type { AdapterFacts } from '../protocol/index.ts';
import { parseGgufHeader } from '../weights/index.ts';
import { openHeldAdapter } from './held-adapter.ts';
import type { ShelfModel } from './snapshot.ts';

const root = (digit: string) => digit.repeat(64) as ModelRoot;
const [BASE, OTHER, ADAPTER, PARENT] = [root('a'), root('b'), root('c'), root('d')];
const base = copyBytes(readFileSync('public/models/starling-builtin.gguf'));
const config = readModelConfig(parseGgufHeader(base));
const form = { rank: 4, alpha: 8 };
const pairs = randomAdapter(config, { rank: 4, seed: 1, targets: ['attn_q'] });
const weights = new Map([...pairs].map(([name, pair]) => [name, { ...pair, scale: 2 }]));
const continues = [{ root: PARENT, relation: 'continues' as const }];

/** A shelf that lists `listed` of an adapter whose file says `said`. */
function open(listed: Partial<AdapterFacts> = {}, said: Partial<AdapterFacts> = {}, known: readonly ModelRoot[] = []) {
  const facts: AdapterFacts = { base: BASE, rank: 4, parents: [], ...listed };
  const file = writeGgufLora({ weights, form }, config, { base: BASE, ...said });
  const models = [
    { root: ADAPTER, adapter: facts },
    ...known.map((each) => ({ root: each, adapter: { base: BASE, rank: 8, parents: [] } })),
  ] as unknown as readonly ShelfModel[];
  const shelf = {
    models: () => models,
    download: () => Promise.resolve(),
    export: () => Promise.resolve(new Blob([file]).stream()),
    header: () => Promise.resolve(base),
  };
  return openHeldAdapter(shelf, ADAPTER, new AbortController().signal);
}

test('an adapter of the shelf comes with its base, whole', async () => {
  expect(await open()).toEqual({ base: BASE, weights });
  expect(await open({ parents: continues }, { parents: continues }, [PARENT])).toMatchObject({ base: BASE });
});

test.each([
  ['another base than its file says', { base: OTHER }, {}],
  ['another rank', { rank: 8 }, {}],
  ['no parent where its file names one', {}, { parents: continues }],
  ['a parent that its file does not name', { parents: continues }, {}],
] as const)('one that is listed with %s is refused', async (_, listed, said) => {
  await expect(open(listed, said, [PARENT])).rejects.toMatchObject({ code: 'adapter-lineage' });
});

test('one whose parent nobody knows is refused before a byte is fetched', async () => {
  await expect(open({ parents: continues }, { parents: continues })).rejects.toMatchObject({ code: 'adapter-lineage' });
});
