import { readFileSync } from 'node:fs';
import { copyBytes } from '../../base/bytes.ts';
import { readModelConfig } from '../../engine/model/config.ts';
import { dequantise } from '../../engine/model/dequantise.reference.ts';
import { createModelTokenizer } from '../../engine/index.ts';
import { randomAdapter } from '../../engine/testing/random-adapter.ts';
import { parseGgufHeader, writeGguf, type GgufParts } from '../../weights/index.ts';
import type { LoraAdapter, LoraForm } from '../lora-form.ts';
import { scaleOf } from '../lora-form.ts';

const builtin = copyBytes(readFileSync('public/models/starling-builtin.gguf'));
const header = parseGgufHeader(builtin);
export const baseConfig = readModelConfig(header);

// Readers are strict: these are f32 also where they are whole.
const writable = Object.fromEntries(
  [...header.metadata.entries].map(([key, value]) => [
    key,
    typeof value === 'number' && /freq_base|epsilon/.test(key) ? { f32: value } : value,
  ]),
) as GgufParts['metadata'];
const bytesOf = (values: Float32Array<ArrayBuffer>) => new Uint8Array(values.buffer);

/**
 * The built-in model, which every clone has, as it is and in single precision. llama.cpp rounds what it multiplies with
 * Q8_0 weights to 8 bits; with single precision nothing but the order of sums is left.
 */
export const bases: Readonly<Record<string, Uint8Array>> = {
  Q8_0: builtin,
  F32: writeGguf({
    metadata: { ...writable, 'general.file_type': 0 },
    tensors: header.tensors.map(({ name, dims, type, start, sizeBytes }) => {
      const values = dequantise(type, builtin.subarray(start, start + sizeBytes));
      return { name, dims, type: 'F32', bytes: bytesOf(Float32Array.from(values)) };
    }),
  }),
};

const TEXT =
  'You are Mara, the miller. You know: the mill needs a new stone. You sell flour for 3 coins. A traveller asks: ' +
  'what do you sell? Mara says: I sell flour for 3 coins. The traveller asks: what does the mill need?';

export const tokens = createModelTokenizer(header).encode(TEXT);

const ALL = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];

function make(form: LoraForm, seed: number, targets = ALL): LoraAdapter {
  const pairs = [...randomAdapter(baseConfig, { rank: form.rank, seed, targets })];
  return { form, weights: new Map(pairs.map(([name, pair]) => [name, { ...pair, scale: scaleOf(form) }])) };
}

/** Adapters whose log-probabilities `llama-cpp.json` holds. */
export const adapters: Readonly<Record<string, LoraAdapter>> = {
  'rank 8 on all': make({ rank: 8, alpha: 1 }, 3),
  'rank 16 on q and v, rank-stabilised': make({ rank: 16, alpha: 1, isRankStabilised: true }, 4, ['attn_q', 'attn_v']),
  'rank 1 on k': make({ rank: 1, alpha: 2 }, 5, ['attn_k']),
};
