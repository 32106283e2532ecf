import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  PEFT_CONFIG,
  PEFT_WEIGHTS,
  readGgufLora,
  writeGgufLora,
  writePeft,
  type LoraAdapter,
} from '../../adapters/index.ts';
import type { ModelRoot } from '../../base/branded.ts';
import type { AdapterWeights, ModelConfig } from '../../engine/index.ts';
import { readModelConfig } from '../../engine/model/config.ts';
import { randomAdapter } from '../../engine/testing/random-adapter.ts';
import { parseGgufHeader, readAdapterFacts } from '../../weights/index.ts';
import { adapterFile } from './adapter-files.ts';
import { importAdapter } from './import-adapter.ts';

const config = readModelConfig(parseGgufHeader(readFileSync('public/models/starling-builtin.gguf')));
const root = (digit: string) => digit.repeat(64) as ModelRoot;
const base = { root: root('a'), name: 'built-in.gguf' };

function adapterOf(rank: number, of: ModelConfig = config): LoraAdapter {
  const pairs = [...randomAdapter(of, { rank, seed: 5, targets: ['attn_q', 'attn_v'] })];
  const weights: AdapterWeights = new Map(pairs.map(([name, pair]) => [name, { ...pair, scale: 2 }]));
  return { weights, form: { rank, alpha: 2 * rank } };
}

const adapter = adapterOf(4);
const fileOf = (name: string, bytes: BlobPart) => new File([bytes], name);
const peftOf = (of: LoraAdapter, config_ = config) =>
  Object.entries(writePeft({ ...of, baseName: 'x' }, config_)).map(([name, bytes]) => fileOf(name, bytes as BlobPart));

test('a PEFT directory becomes a file for the shelf that says which base it changes', async () => {
  const imported = await importAdapter(peftOf(adapter), base, config);
  expect(imported.adapter.weights).toEqual(adapter.weights);
  expect(imported.name).toBe('built-in-adapter.gguf');
  expect(readAdapterFacts(parseGgufHeader(imported.gguf))).toEqual({ base: base.root, rank: 4, parents: [] });
  expect(readGgufLora(imported.gguf, config).weights).toEqual(adapter.weights);
});

test('a GGUF that names no base is given the one that was chosen', async () => {
  const imported = await importAdapter([fileOf('dialect.gguf', writeGgufLora(adapter, config))], base, config);
  expect(imported.name).toBe('dialect.gguf');
  expect(readAdapterFacts(parseGgufHeader(imported.gguf)).base).toBe(base.root);
});

test('a licence that a file names is kept, and one is written with what was learnt', async () => {
  const foreign = writeGgufLora(adapter, config, { licence: 'CC-BY-4.0' });
  const learnt = adapterFile(adapter, config, {
    name: 'x',
    base: base.root,
    parent: undefined,
    licence: 'my own words',
  });
  for (const [file, licence] of [
    [foreign, 'CC-BY-4.0'],
    [learnt, 'my own words'],
  ] as const) {
    const imported = await importAdapter([fileOf('x.gguf', file)], base, config);
    expect(imported.licence).toBe(licence);
    expect(parseGgufHeader(imported.gguf).metadata.text('general.license')).toBe(licence);
  }
});

test('a GGUF that names its base and its parents is kept byte for byte', async () => {
  const file = adapterFile(adapter, config, { name: 'dialect', base: base.root, parent: root('c') });
  const { gguf } = await importAdapter([fileOf('dialect.gguf', file)], base, config);
  expect(gguf).toEqual(file);
  const { parents } = readAdapterFacts(parseGgufHeader(gguf));
  expect(parents).toEqual([{ root: root('c'), relation: 'continues' }]);
});

const broken = new Map([...adapter.weights].map(([name, pair]) => [name, { ...pair, a: pair.a.slice() }]));
const nan = writeGgufLora({ ...adapter, weights: broken }, config);
new DataView(nan.buffer).setFloat32(nan.byteLength - 4, Number.NaN, true);
const wider: ModelConfig = { ...config, width: 2 * config.width };
const deeper: ModelConfig = { ...config, layers: config.layers + 1 };
const high = { rank: 65, alpha: 130 };
/** As another program writes it, which this one would not. */
const highFiles = () => {
  const [first, ...others] = peftOf(adapter);
  const text = JSON.stringify({ peft_type: 'LORA', r: high.rank, lora_alpha: high.alpha });
  return [fileOf(first?.name ?? PEFT_CONFIG, text), ...others];
};

test.each([
  [
    'for another base, by its own word',
    'adapter-base',
    () => [fileOf('x.gguf', adapterFile(adapter, config, { name: 'x', base: root('b'), parent: undefined }))],
  ],
  ['of other shapes', 'adapter-base', () => [fileOf('x.gguf', writeGgufLora(adapterOf(4, wider), wider))]],
  ['with a layer that the base lacks', 'adapter-base', () => peftOf(adapterOf(4, deeper), deeper)],
  ['with a number that is none', 'adapter-invalid', () => [fileOf('x.gguf', nan)]],
  ['of another rank than it says', 'adapter-invalid', highFiles],
  ['without its settings', 'adapter-invalid', () => peftOf(adapter).filter(({ name }) => name === PEFT_WEIGHTS)],
  ['of two files that are no pair', 'adapter-invalid', () => [fileOf('x.gguf', nan), fileOf('y.gguf', nan)]],
  ['that is a model', 'adapter-invalid', () => [fileOf('x.gguf', readFileSync('public/models/starling-builtin.gguf'))]],
])('an adapter %s is refused by name', async (_, code, files) => {
  await expect(importAdapter(files(), base, config)).rejects.toMatchObject({ code });
});

test('a rank above 64 is refused by name', () => {
  expect(() => writeGgufLora(adapterOf(65), config)).toThrow(expect.objectContaining({ code: 'adapter-unsupported' }));
});
