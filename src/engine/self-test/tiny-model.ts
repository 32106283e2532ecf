import type { Bytes } from '../../base/bytes.ts';
import { createRandom, type Random } from '../../base/random.ts';
import { tensorBytes, TENSOR_TYPES, type GgufHeader, type GgufTensor, type TensorType } from '../../weights/index.ts';
import type { ModelConfig } from '../model/config.ts';
import { dequantise } from '../model/dequantise.reference.ts';
import { randomRows } from '../testing/random-weights.ts';

/** The shape of a model that is small enough to compute in f64 while a person waits. */
export interface TinyShape {
  readonly config: ModelConfig;
  readonly tensors: readonly GgufTensor[];
}

/** Random weights of a tiny model. */
export interface TinyWeights {
  /** Each tensor's bytes as a file holds them. */
  readonly bytes: ReadonlyMap<string, Bytes>;
  /** Each tensor's numbers. */
  readonly tables: ReadonlyMap<string, Float64Array>;
}

/** No multiple of any tile. */
const VOCABULARY = 83;
const CONTEXT = 48;
const MAX_HEADS_PER_KV = 4;
const SEED = 1;

/**
 * A tiny model that runs through the same kernels as a real one: the same tensor types in the same places, a layer for
 * each combination of them, the same heads, norms and rotation.
 */
export function tinyShapeOf(header: Pick<GgufHeader, 'tensors'>, real: ModelConfig): TinyShape {
  const block = header.tensors.reduce((most, { type }) => Math.max(most, TENSOR_TYPES[type].blockElements), 32);
  const config: ModelConfig = {
    ...real,
    ...headsFor(real, block),
    width: block === 32 ? 96 : block,
    ffnWidth: block === 32 ? 352 : 2 * block,
    vocabulary: VOCABULARY,
    contextTokens: CONTEXT,
    layers: 0,
  };
  const names = chosenNames(header.tensors);
  const tensors = [...names].map(([name, tensor]) => tinyTensor(name, tensor, config));
  const layers = new Set([...names.keys()].flatMap((name) => /^blk\.\d+\./.exec(name) ?? [])).size;
  return { config: { ...config, layers }, tensors };
}

/** The same weights for a shape each time. */
export function drawTinyWeights({ tensors }: TinyShape): TinyWeights {
  const random = createRandom(SEED);
  const bytes = new Map<string, Bytes>();
  const tables = new Map<string, Float64Array>();
  // Matrices first: a norm's gains keep what they feed at about 1, where softmax and silu bend.
  for (const { name, type, dims } of tensors.toSorted((a, b) => b.dims.length - a.dims.length)) {
    const [k = 0, rows = 1] = dims;
    const data = dims.length === 2 ? randomRows(type, rows, k, random) : vectorBytes(name, k, tables, random);
    bytes.set(name, data);
    tables.set(name, dequantise(type, data));
  }
  return { bytes, tables };
}

/** As many heads for a kv head as the model has, up to a few; together they make whole blocks. */
function headsFor({ heads, kvHeads, headSize }: ModelConfig, block: number): { heads: number; kvHeads: number } {
  const few = Math.min(2, kvHeads);
  let ratio = Math.min(MAX_HEADS_PER_KV, heads / kvHeads);
  while ((few * ratio * headSize) % block !== 0) ratio++;
  return { heads: few * ratio, kvHeads: few };
}

/** Tensors of the tiny model by its own names: those outside the layers, and of layers that are alike one. */
function chosenNames(tensors: readonly GgufTensor[]): Map<string, GgufTensor> {
  const layers = new Map<string, GgufTensor[]>([['', []]]);
  for (const tensor of tensors) {
    const layer = /^blk\.(\d+)\./.exec(tensor.name)?.[1] ?? '';
    layers.set(layer, [...(layers.get(layer) ?? []), tensor]);
  }
  const chosen = new Map((layers.get('') ?? []).map((tensor) => [tensor.name, tensor]));
  const seen = new Set<string>();
  for (const [layer, members] of layers) {
    const part = (name: string) => name.replace(/^blk\.\d+\./, '');
    const kind = members
      .map(({ name, type, dims }) => (dims.length === 2 ? `${part(name)} ${type}` : part(name)))
      .toSorted()
      .join();
    if (layer === '' || seen.has(kind)) continue;
    for (const tensor of members) chosen.set(`blk.${seen.size}.${part(tensor.name)}`, tensor);
    seen.add(kind);
  }
  return chosen;
}

function tinyTensor(name: string, real: GgufTensor, config: ModelConfig): GgufTensor {
  const type: TensorType = real.dims.length === 2 ? real.type : 'F32';
  const dims = dimsOf(name.replace(/^blk\.\d+\./, ''), config);
  return { name, dims, type, start: 0, sizeBytes: (dims[1] ?? 1) * tensorBytes(type, dims[0] ?? 0) };
}

function dimsOf(part: string, config: ModelConfig): number[] {
  const { width, ffnWidth, heads, kvHeads, headSize, rotary, vocabulary } = config;
  const sizes: Readonly<Record<string, number[]>> = {
    'token_embd.weight': [width, vocabulary],
    'output.weight': [width, vocabulary],
    'rope_freqs.weight': [rotary / 2],
    'attn_q.weight': [width, heads * headSize],
    'attn_k.weight': [width, kvHeads * headSize],
    'attn_v.weight': [width, kvHeads * headSize],
    'attn_q.bias': [heads * headSize],
    'attn_k.bias': [kvHeads * headSize],
    'attn_v.bias': [kvHeads * headSize],
    'attn_q_norm.weight': [headSize],
    'attn_k_norm.weight': [headSize],
    'attn_output.weight': [heads * headSize, width],
    'ffn_gate.weight': [width, ffnWidth],
    'ffn_up.weight': [width, ffnWidth],
    'ffn_down.weight': [ffnWidth, width],
  };
  return sizes[part] ?? [width];
}

/** Which matrix a norm feeds. */
const FED_BY: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'attn_q.weight',
  'ffn_norm.weight': 'ffn_gate.weight',
};

function vectorBytes(name: string, length: number, tables: ReadonlyMap<string, Float64Array>, random: Random): Bytes {
  const part = name.replace(/^blk\.\d+\./, '');
  const head = tables.get('output.weight') ?? tables.get('token_embd.weight');
  const fed = part === 'output_norm.weight' ? head : tables.get(name.replace(part, FED_BY[part] ?? ''));
  const rms = fed ? Math.sqrt(fed.reduce((sum, v) => sum + v * v, 0) / fed.length) : 1;
  const scale = fed ? 1 / (rms * Math.sqrt(length)) : 1;
  return new Uint8Array(Float32Array.from({ length }, () => scale * (0.5 + random.uniform())).buffer);
}
