import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../base/app-error.ts';
import { copyBytes } from '../base/bytes.ts';
import { createRandom } from '../base/random.ts';
import type { AdapterWeights } from '../engine/index.ts';
import { readModelConfig, type ModelConfig } from '../engine/model/config.ts';
import { randomAdapter } from '../engine/testing/random-adapter.ts';
import { parseGgufHeader, parseSafetensorsHeader, writeGguf, writeSafetensors } from '../weights/index.ts';
import { readGgufLora, writeGgufLora } from './gguf-lora.ts';
import type { LoraAdapter } from './lora-form.ts';
import { PEFT_CONFIG, PEFT_WEIGHTS, readPeft, writePeft, type PeftAdapter } from './peft.ts';
import { toHalves, toNeighbours } from './row-order.ts';

const builtin = readModelConfig(parseGgufHeader(readFileSync('public/models/starling-builtin.gguf')));
const qwen: ModelConfig = { ...builtin, architecture: 'qwen2', ropeStyle: 'halves' };
const RANK = 4;
const TARGETS = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];

function adapterOf(config: ModelConfig, form: Partial<LoraAdapter['form']> = {}, targets = TARGETS): PeftAdapter {
  const whole = { rank: RANK, alpha: 8, isRankStabilised: false, ...form };
  const scale = whole.alpha / (whole.isRankStabilised ? Math.sqrt(whole.rank) : whole.rank);
  const pairs = [...randomAdapter(config, { rank: whole.rank, seed: 5, targets })];
  const weights: AdapterWeights = new Map(pairs.map(([name, pair]) => [name, { ...pair, scale }]));
  return { weights, form: whole, baseName: 'starling/builtin' };
}

const expectCode = (run: () => unknown, code: string, text = '') => {
  expect(run).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error);
};

describe.each([
  ['llama', builtin],
  ['qwen2', qwen],
] as const)('%s', (_, config) => {
  test.each([false, true])(
    'PEFT out, in and out again is the same, byte for byte (rank-stabilised: %s)',
    (isRankStabilised) => {
      const adapter = adapterOf(config, { isRankStabilised });
      const files = writePeft(adapter, config);
      const read = readPeft(files, config);
      expect(read).toEqual(adapter);
      expect(writePeft(read, config)).toEqual(files);
    },
  );

  test('GGUF out, in and out again is the same, byte for byte', () => {
    const adapter = adapterOf(config, {}, ['attn_q', 'ffn_down']);
    const file = writeGgufLora(adapter, config);
    const read = readGgufLora(file, config);
    expect(read.weights).toEqual(adapter.weights);
    expect(read.form).toEqual({ rank: RANK, alpha: 8 });
    expect(writeGgufLora(read, config)).toEqual(file);
  });
});

test('a PEFT directory has the keys, shapes and settings of the format', () => {
  const { weights, ...rest } = adapterOf(builtin, {}, ['attn_q', 'ffn_down']);
  const files = writePeft({ weights, ...rest }, builtin);
  const { tensors, metadata } = parseSafetensorsHeader(files[PEFT_WEIGHTS]);
  expect(metadata).toEqual({ format: 'pt' });
  const { width, ffnWidth, heads, headSize, layers } = builtin;
  expect(tensors).toHaveLength(4 * layers);
  expect(Object.fromEntries(tensors.slice(0, 4).map(({ name, shape }) => [name, shape]))).toEqual({
    'base_model.model.model.layers.0.mlp.down_proj.lora_A.weight': [RANK, ffnWidth],
    'base_model.model.model.layers.0.mlp.down_proj.lora_B.weight': [width, RANK],
    'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight': [RANK, width],
    'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight': [heads * headSize, RANK],
  });
  expect(JSON.parse(new TextDecoder().decode(files[PEFT_CONFIG]))).toEqual({
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'starling/builtin',
    r: RANK,
    lora_alpha: 8,
    lora_dropout: 0,
    target_modules: ['q_proj', 'down_proj'],
    bias: 'none',
    use_rslora: false,
    use_dora: false,
    fan_in_fan_out: false,
    init_lora_weights: true,
    inference_mode: true,
    modules_to_save: null,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
  });
});

test('rows change order as reshape(heads, 2, half, columns), axes 1 and 2 swapped', () => {
  const [heads, half, columns] = [3, 4, 2];
  const rows = Float32Array.from({ length: heads * 2 * half * columns }, (_, i) => i);
  const expected: number[] = [];
  for (let h = 0; h < heads; h++)
    for (let j = 0; j < half; j++)
      for (let i = 0; i < 2; i++)
        for (let c = 0; c < columns; c++) expected.push(((h * 2 + i) * half + j) * columns + c);
  expect([...toNeighbours(rows, heads, columns)]).toEqual(expected);
  expect(toHalves(toNeighbours(rows, heads, columns), heads, columns)).toEqual(rows);
});

test('a rank-stabilised adapter keeps its strength in a GGUF, whose readers divide by the rank', () => {
  const adapter = adapterOf(builtin, { isRankStabilised: true });
  const read = readGgufLora(writeGgufLora(adapter, builtin), builtin);
  expect(read.form.alpha).toBe(16);
  expect([...read.weights.values()][0]?.scale).toBe(4);
});

test.each(['F16', 'BF16'] as const)('adapters of %s are read', (type) => {
  const files = writePeft(adapterOf(builtin), builtin);
  const { tensors } = parseSafetensorsHeader(files[PEFT_WEIGHTS]);
  const halves = tensors.map(({ name, shape, sizeBytes }) => {
    const one = type === 'F16' ? 0x3c00 : 0x3f80;
    return { name, shape, type, bytes: new Uint8Array(new Uint16Array(sizeBytes / 4).fill(one).buffer) };
  });
  const read = readPeft({ ...files, [PEFT_WEIGHTS]: writeSafetensors(halves) }, builtin);
  for (const { a, b } of read.weights.values()) expect([...a, ...b].every((value) => value === 1)).toBe(true);
});

describe('refused by name', () => {
  const files = writePeft(adapterOf(builtin), builtin);
  const withSetting = (setting: object) => {
    const config = JSON.parse(new TextDecoder().decode(files[PEFT_CONFIG])) as object;
    return { ...files, [PEFT_CONFIG]: new TextEncoder().encode(JSON.stringify({ ...config, ...setting })) };
  };

  test.each([
    [{ use_dora: true }, 'use_dora'],
    [{ bias: 'all' }, 'bias'],
    [{ modules_to_save: ['lm_head'] }, 'modules_to_save'],
    [{ fan_in_fan_out: true }, 'fan_in_fan_out'],
    [{ peft_type: 'LOHA' }, 'peft_type'],
    [{ rank_pattern: { q_proj: 2 } }, 'rank_pattern'],
    [{ alpha_pattern: { q_proj: 2 } }, 'alpha_pattern'],
  ])('the setting %j', (setting, name) => {
    expectCode(() => readPeft(withSetting(setting), builtin), 'adapter-unsupported', name);
  });

  test.each([[{ r: 5 }], [{ r: 0 }], [{ r: 1.5 }], [{ lora_alpha: 0 }], [{ lora_alpha: '8' }], [{ peft_type: null }]])(
    'the contradiction %j',
    (setting) => expectCode(() => readPeft(withSetting(setting), builtin), 'adapter-invalid'),
  );

  test('another base: other widths, fewer layers, another architecture', () => {
    const adapter = adapterOf(builtin);
    const wider = { ...builtin, width: 2 * builtin.width };
    const shallower = { ...builtin, layers: 1 };
    for (const base of [wider, shallower]) {
      expectCode(() => readPeft(files, base), 'adapter-base');
      expectCode(() => readGgufLora(writeGgufLora(adapter, builtin), base), 'adapter-base');
      expectCode(() => writePeft(adapter, base), 'adapter-base');
    }
    expectCode(() => readGgufLora(writeGgufLora(adapter, builtin), qwen), 'adapter-base', 'qwen2');
  });

  test.each([Number.NaN, Infinity])('the number %s', (bad) => {
    const adapter = adapterOf(builtin);
    const [pair] = adapter.weights.values();
    const { tensors } = parseSafetensorsHeader(files[PEFT_WEIGHTS]);
    const damaged = { ...files, [PEFT_WEIGHTS]: copyBytes(files[PEFT_WEIGHTS]) };
    new DataView(damaged[PEFT_WEIGHTS].buffer).setFloat32(tensors[3]?.start ?? 0, bad, true);
    expectCode(() => readPeft(damaged, builtin), 'adapter-invalid', String(bad));
    if (pair) pair.b[1] = bad;
    expectCode(() => writeGgufLora(adapter, builtin), 'adapter-invalid', String(bad));
  });

  test('a GGUF that is a model, of another kind, or has half a pair', () => {
    const model = copyBytes(readFileSync('public/models/starling-builtin.gguf'));
    expectCode(() => readGgufLora(model, builtin), 'adapter-invalid', 'a model');
    const metadata = { 'general.type': 'adapter', 'general.architecture': 'llama', 'adapter.lora.alpha': { f32: 8 } };
    const half = {
      name: 'blk.0.attn_q.weight.lora_a',
      dims: [128, 4],
      type: 'F32',
      bytes: new Uint8Array(2048),
    } as const;
    const file = (kind: string) => writeGguf({ metadata: { ...metadata, 'adapter.type': kind }, tensors: [half] });
    expectCode(() => readGgufLora(file('alora'), builtin), 'adapter-unsupported', 'alora');
    expectCode(() => readGgufLora(file('lora'), builtin), 'adapter-invalid', 'one half');
  });

  test('damaged files, 5,000 times', () => {
    const file = writeGgufLora(adapterOf(builtin, {}, ['attn_q']), builtin);
    const random = createRandom(9);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.boolean(), (changes, isPeft) => {
        const [whole, head] = isPeft ? [files[PEFT_WEIGHTS], 4096] : [file, 1024];
        const damaged = copyBytes(whole.subarray(0, random.below(whole.byteLength)));
        for (let i = 0; i < changes; i++) damaged[random.below(head)] = random.below(256);
        try {
          if (isPeft) readPeft({ ...files, [PEFT_WEIGHTS]: damaged }, builtin);
          else readGgufLora(damaged, builtin);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
