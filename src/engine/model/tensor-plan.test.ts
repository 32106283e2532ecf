import { describe, expect, test } from 'vitest';
import { writeGguf, type GgufParts } from '../../weights/gguf/write-gguf.ts';
import { parseGgufHeader } from '../../weights/index.ts';
import { readModelConfig } from './config.ts';
import { runLimits } from './load-model.ts';
import { packedRow } from './packing.ts';
import { planTensors } from './tensor-plan.ts';

const WIDTH = 64;
const tensor = (name: string, ...dims: number[]) => ({
  name,
  dims,
  type: 'F32' as const,
  bytes: new Uint8Array(4 * dims.reduce((a, b) => a * b, 1)),
});
const layer = [
  tensor('blk.0.attn_norm.weight', WIDTH),
  tensor('blk.0.attn_q.weight', WIDTH, 64),
  tensor('blk.0.attn_k.weight', WIDTH, 32),
  tensor('blk.0.attn_v.weight', WIDTH, 32),
  tensor('blk.0.attn_output.weight', 64, WIDTH),
  tensor('blk.0.ffn_norm.weight', WIDTH),
  tensor('blk.0.ffn_gate.weight', WIDTH, 100),
  tensor('blk.0.ffn_up.weight', WIDTH, 100),
  tensor('blk.0.ffn_down.weight', 100, WIDTH),
];
const usual = [tensor('token_embd.weight', WIDTH, 10), tensor('output_norm.weight', WIDTH), ...layer];
const metadata = {
  'general.architecture': 'llama',
  'llama.context_length': 100,
  'llama.embedding_length': WIDTH,
  'llama.block_count': 1,
  'llama.feed_forward_length': 100,
  'llama.attention.head_count': 4,
  'llama.attention.head_count_kv': 2,
  'llama.attention.layer_norm_rms_epsilon': 1.1e-5,
};
const header = (parts: Partial<GgufParts> = {}) => parseGgufHeader(writeGguf({ metadata, tensors: usual, ...parts }));
function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'fine';
}
const plan = (parts: Partial<GgufParts> = {}, maxChunkBytes?: number) =>
  planTensors(header(parts), readModelConfig(header(parts)), maxChunkBytes);

describe('a model is refused by name', () => {
  test('for its architecture or numbers', () => {
    const config = (extra: GgufParts['metadata']) =>
      codeOf(() => readModelConfig(header({ metadata: { ...metadata, ...extra } })));
    expect(config({})).toBe('fine');
    expect(config({ 'general.architecture': 'mamba' })).toBe('model-unsupported');
    expect(config({ 'llama.attention.head_count_kv': 3 })).toBe('model-unsupported');
    expect(config({ 'llama.attention.head_count': 0 })).toBe('model-unsupported');
    expect(config({ 'llama.attention.key_length': 300 })).toBe('model-unsupported');
    expect(config({ 'llama.rope.scaling.type': 'yarn' })).toBe('model-unsupported');
    expect(config({ 'llama.block_count': 4_000_000_000 })).toBe('model-unsupported');
    expect(config({ 'llama.block_count': 'three' })).toBe('gguf-metadata-missing');
  });

  test('for a tensor that is missing, misshapen or unknown', () => {
    expect(codeOf(() => plan())).toBe('fine');
    expect(codeOf(() => plan({ tensors: usual.slice(0, -1) }))).toBe('model-invalid');
    expect(codeOf(() => plan({ tensors: [...usual.slice(0, -1), tensor('blk.0.ffn_down.weight', WIDTH, 100)] }))).toBe(
      'model-invalid',
    );
    expect(codeOf(() => plan({ tensors: [...usual, tensor('blk.0.attn_sinks', 4)] }))).toBe('model-unsupported');
  });
});

test.each([1, 3000, 10_000])(
  'every row lies in one chunk of at most %i bytes, unless four rows of each tensor are more',
  (maxChunkBytes) => {
    const { embedding, layers } = plan({}, maxChunkBytes);
    const matrices = [
      embedding,
      ...layers.flatMap(({ qkv, output, gateUp, down }) => qkv.concat(output, gateUp, down)),
    ];
    const rows = new Map<string, number[]>();
    for (const { type, k, chunks } of matrices) {
      for (const chunk of chunks) {
        const rowBytes = packedRow(type, k).codesBytes;
        expect(chunk.rows * rowBytes).toBeLessThanOrEqual(Math.max(maxChunkBytes, 4 * chunk.parts.length * rowBytes));
        for (const part of chunk.parts) {
          for (let i = 0; i < part.rows; i++)
            rows.set(part.tensor, [...(rows.get(part.tensor) ?? []), part.tensorRow + i]);
        }
      }
    }
    for (const { name, dims } of usual.filter(({ dims }) => dims.length === 2)) {
      expect(rows.get(name)).toEqual(Array.from({ length: dims[1] ?? 0 }, (_, i) => i));
    }
  },
);

test('limits keep to the context, the binding and the budget', () => {
  const config = readModelConfig(header());
  expect(runLimits(config, {})).toEqual({
    limits: { slots: 8, contextTokens: 112, pages: 56, maxRows: 64, maxLogitRows: 8, kvType: 'f32' },
    contextTokens: 100,
  });
  const large = { ...config, layers: 64, kvHeads: 8, heads: 8, headSize: 256, contextTokens: 100_000 };
  const { limits, contextTokens } = runLimits(large, { slots: 20, contextTokens: 50_000 });
  expect(contextTokens).toBe(16_384);
  expect(limits).toMatchObject({ pages: 1024, maxLogitRows: 24 });
});
