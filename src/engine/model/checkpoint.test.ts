import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyBytes, type Bytes } from '../../base/bytes.ts';
import { halfBits, halfToNumber } from '../../base/half.ts';
import { createRandom } from '../../base/random.ts';
import { createMemoryPieceStore, WeightsError } from '../../weights/index.ts';
import { bundleOf, makeCheckpoint, type CheckpointKind, type Tensor } from '../testing/make-checkpoint.ts';
import { storeFile } from '../testing/store-file.ts';
import { createModelTokenizer } from '../tokenizer/model-tokenizer.ts';
import { readModelConfig } from './config.ts';
import { dequantise } from './dequantise.reference.ts';
import { openSource } from './open-source.ts';
import { planTensors } from './tensor-plan.ts';
import type { RowSink } from './upload-weights.ts';

const GPTQ: CheckpointKind = { architecture: 'llama', method: 'gptq', groupSize: 64 };

async function open(files: ReadonlyMap<string, Bytes>) {
  const store = createMemoryPieceStore();
  const { file, headerBytes } = bundleOf(files);
  return await openSource(await storeFile(store, file, 50_021, headerBytes), store);
}

/** The numbers of every tensor, as the engine would upload it. */
async function numbersOf(files: ReadonlyMap<string, Bytes>) {
  const source = await open(files);
  const numbers = new Map<string, Float64Array>();
  const sinks = new Map<string, readonly RowSink[]>(
    source.header.tensors.map(({ name }) => [
      name,
      [(type, _row, bytes) => void numbers.set(name, dequantise(type, bytes))],
    ]),
  );
  await source.upload(sinks, () => undefined, new AbortController().signal);
  return { ...source, numbers };
}

/** Rows of q and k in GGUF's order: (heads, 2, half) → (heads, half, 2). */
function turned(rows: Float64Array, inputs: number, headSize: number): Float64Array {
  const out = rows.slice();
  for (let row = 0; row * inputs < rows.length; row++) {
    const [head, d] = [Math.floor(row / headSize), row % headSize];
    const half = headSize / 2;
    const to = head * headSize + (d < half ? 2 * d : 2 * (d - half) + 1);
    out.set(rows.subarray(row * inputs, (row + 1) * inputs), to * inputs);
  }
  return out;
}

const kinds: readonly CheckpointKind[] = [
  { architecture: 'qwen2', method: 'awq', groupSize: 32 },
  { architecture: 'llama', method: 'awq', groupSize: 128 },
  GPTQ,
  { architecture: 'qwen3', method: 'gptq_v2', groupSize: -1 },
  { architecture: 'llama', method: 'gptq', groupSize: 32, isSymmetric: true },
  { architecture: 'llama', method: 'none', groupSize: 0 },
];

test.each(kinds)(
  '$architecture $method, groups of $groupSize: the weights are those that were quantised',
  async (kind) => {
    const { files, tables } = makeCheckpoint(kind);
    const { header, numbers } = await numbersOf(files);
    const config = readModelConfig(header);
    expect(config).toMatchObject({ layers: 2, width: 128, heads: 4, kvHeads: 2, headSize: 32, isTied: false });
    expect(() => planTensors(header, config)).not.toThrow();
    const isInt4 = kind.method !== 'none';
    const types = new Set(header.tensors.filter(({ name }) => name.includes('ffn_up')).map(({ type }) => type));
    expect([...types]).toEqual([isInt4 ? (kind.isSymmetric ? 'Q4_0' : 'Q4_1') : 'F16']);
    for (const [name, table] of tables) {
      const found = numbers.get(name);
      const turns = kind.architecture === 'llama' && /attn_[qk]\.weight/.test(name);
      const expected = turns ? turned(table, 128, 32) : table;
      expect(found?.length, name).toBe(expected.length);
      const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs((found?.[i] ?? Number.NaN) - v)), 0);
      // Q4_1 keeps −step · zero in f16: off by 15/2048 of a step, here of at most 0.03.
      expect(worst, name).toBeLessThanOrEqual(types.has('Q4_1') && isInt4 ? (0.03 * 15) / 2048 : 0);
    }
  },
);

test('its tokenizer cuts text as the folder says', async () => {
  const { header } = await open(makeCheckpoint(GPTQ).files);
  const tokenizer = createModelTokenizer(header);
  const ids = [...tokenizer.encode('hello<|end|>')];
  expect(ids.map((id) => tokenizer.vocabulary.tokens[id])).toEqual(['hell', 'o', '<|end|>']);
  expect(tokenizer.endIds).toEqual(new Set([259]));
  expect(tokenizer.decode(ids)).toBe('hello');
});

describe('what is not supported is refused by name', () => {
  const quantised = (part: object) => ({
    quantization_config: { quant_method: 'gptq', bits: 4, group_size: 64, ...part },
  });
  const replace = (name: string, change: (tensor: Tensor) => Tensor) => (tensors: Map<string, Tensor>) => {
    const tensor = tensors.get(name);
    if (tensor) tensors.set(name, change(tensor));
  };
  const of = (part: Partial<CheckpointKind>) => ({ ...GPTQ, ...part });
  const index = 'model.layers.1.mlp.down_proj.g_idx';
  test.each<[string, string, CheckpointKind]>([
    ['3 bits', 'bits', of({ config: quantised({ bits: 3 }) })],
    ['another method', 'quant_method', of({ config: quantised({ quant_method: 'hqq' }) })],
    ['a group of 40', 'group_size', of({ config: quantised({ group_size: 40 }) })],
    ['marlin', 'checkpoint_format', of({ config: quantised({ checkpoint_format: 'marlin' }) })],
    ['gemv', 'version', of({ method: 'awq', config: quantised({ quant_method: 'awq', version: 'gemv' }) })],
    ['another architecture', 'model_type', of({ config: { model_type: 'gemma3' } })],
    ['gelu', 'hidden_act', of({ config: { hidden_act: 'gelu' } })],
    ['yarn', 'rope_scaling', of({ config: { rope_scaling: { rope_type: 'yarn', factor: 4 } } })],
    ['a unigram tokenizer', 'tokenizer', of({ tokenizer: { model: { type: 'Unigram', vocab: {}, merges: [] } } })],
    ['another split', 'pre_tokenizer', of({ tokenizer: { pre_tokenizer: { type: 'Whitespace' } } })],
    [
      'inputs in an order of their own',
      'desc_act',
      of({
        edit: replace(index, (tensor) => ({ ...tensor, bytes: tensor.bytes.toReversed() })),
      }),
    ],
    [
      'a bias where the engine adds none',
      'bias',
      of({
        edit: replace('model.layers.0.self_attn.o_proj.bias', (t) => ({ ...t, bytes: t.bytes.map(() => 60) })),
      }),
    ],
    [
      'a tensor of something else',
      'tensor',
      of({ edit: (t) => t.set('model.vision.weight', [...t.values()][0] as Tensor) }),
    ],
  ])('%s', async (_, name, kind) => {
    await expect(open(makeCheckpoint(kind).files)).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      details: { name },
    });
  });

  test.each<[string, CheckpointKind]>([
    ['a missing part', of({ edit: (t) => t.delete('model.layers.0.mlp.up_proj.qzeros') })],
    ['no head', of({ edit: (t) => t.delete('lm_head.weight') })],
    [
      'zeros of another shape',
      of({ edit: replace('model.layers.0.mlp.up_proj.qzeros', (t) => ({ ...t, shape: t.shape.toReversed() })) }),
    ],
    ['a width that is none', of({ config: { hidden_size: -1 } })],
  ])('%s contradicts the rest', async (_, kind) => {
    await expect(open(makeCheckpoint(kind).files)).rejects.toMatchObject({ code: 'checkpoint-invalid' });
  });

  test('a zero other than 8 in one that says it is symmetric, when it is read', async () => {
    const { files } = makeCheckpoint(of({ config: quantised({ sym: true }) }));
    await expect(numbersOf(files)).rejects.toMatchObject({ code: 'checkpoint-invalid' });
  });
});

test('damaged folders are read or refused by name, 300 times', async () => {
  const { files } = makeCheckpoint({
    ...GPTQ,
    edit: (tensors) => [...tensors.keys()].slice(40).forEach((t) => tensors.delete(t)),
  });
  const random = createRandom(9);
  const names = [...files.keys()];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(), async (changes, which) => {
      const name = names[which % names.length] ?? '';
      const damaged = copyBytes(files.get(name) ?? new Uint8Array(0));
      const reach = name.endsWith('.safetensors') ? 2000 : damaged.byteLength;
      for (let i = 0; i < changes; i++) damaged[random.below(reach)] = random.below(256);
      try {
        const { header } = await open(new Map([...files, [name, damaged]]));
        expect(header.tensors.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: 300 },
  );
});

test('f16 of a scale times a zero is off by at most 15/2048 of the scale', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x0400, max: 0x6800 }), fc.integer({ min: 0, max: 15 }), (bits, zero) => {
      const step = halfToNumber(bits);
      expect(Math.abs(halfToNumber(halfBits(step * zero)) - step * zero)).toBeLessThanOrEqual((step * 15) / 2048);
    }),
  );
});
