import { present } from '../../base/invariant.ts';
import { parseGgufHeader } from '../../weights/index.ts';
import { readModelConfig, type ModelConfig } from './config.ts';
import type { AdapterWeights, LowRankPair } from '../adapters/adapter-weights.ts';
import { dequantise } from './dequantise.reference.ts';
import { keptReference } from './kv-type.reference.ts';
import { roundedReference } from '../kernels/int8-products.reference.ts';
import type { KvType } from './kv-type.ts';

/** A whole model in f64: slow, plain, and the oracle of the GPU's forward pass. */
export interface ReferenceModel {
  readonly config: ModelConfig;
  /** Natural log-probabilities of the next token after each of `tokens`: (tokens, vocabulary). */
  logProbabilities(tokens: ArrayLike<number>): Float64Array[];
  /** What the head reads after each of `tokens`: (tokens, width). */
  states(tokens: ArrayLike<number>): Float64Array[];
}

/**
 * @param file a whole GGUF file
 * @param adapter added to the weights that it changes: W + scale · B A
 */
export function loadReferenceModel(file: Uint8Array, adapter: AdapterWeights = new Map()): ReferenceModel {
  const header = parseGgufHeader(file);
  const config = readModelConfig(header);
  const tables = new Map<string, Float64Array>();
  for (const { name, type, start, sizeBytes } of header.tensors)
    tables.set(name, dequantise(type, file.subarray(start, start + sizeBytes)));
  for (const [name, pair] of adapter) addProduct(present(tables.get(name), name), pair);
  return {
    config,
    logProbabilities: (tokens) => forwardReference(config, tables, tokens),
    states(tokens) {
      const states: Float64Array[] = [];
      forwardReference(config, tables, tokens, (state) => states.push(state));
      return states;
    },
  };
}

function addProduct(table: Float64Array, { rank, scale, a, b }: LowRankPair): void {
  const inputs = a.length / rank;
  for (let i = 0; i < table.length; i++) {
    const [n, k] = [Math.floor(i / inputs), i % inputs];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += (b[n * rank + r] ?? 0) * (a[r * inputs + k] ?? 0);
    table[i] = (table[i] ?? 0) + scale * sum;
  }
}

/** Where numbers are rounded on their way; nowhere by default. */
export interface Roundings {
  /** How keys and values are kept between their making and their use. */
  readonly kvType?: KvType;
  /** Tensors whose inputs are rounded to int8, 32 at a time. */
  readonly int8Products?: ReadonlySet<string>;
}

/**
 * Natural log-probabilities of the next token after each of `tokens`: (tokens, vocabulary).
 *
 * @param tables the numbers of each tensor by its GGUF name
 */
export function forwardReference(
  config: ModelConfig,
  tables: ReadonlyMap<string, Float64Array>,
  tokens: ArrayLike<number>,
  onState: (state: Float64Array) => void = () => undefined,
  { kvType = 'f32', int8Products = new Set() }: Roundings = {},
): Float64Array[] {
  const weights = (name: string) => present(tables.get(name), name);
  const optional = (name: string) => tables.get(name);
  const { width, layers, headSize } = config;
  const times = (name: string, input: Float64Array) =>
    matVec(weights(name), int8Products.has(name) ? roundedReference(input) : input);
  const keep = (heads: Float64Array) => {
    for (let at = 0; at < heads.length; at += headSize)
      heads.set(keptReference(kvType, heads.subarray(at, at + headSize)), at);
    return heads;
  };
  const keys: Float64Array[][] = Array.from({ length: layers }, () => []);
  const values: Float64Array[][] = Array.from({ length: layers }, () => []);
  const out: Float64Array[] = [];
  for (let position = 0; position < tokens.length; position++) {
    const token = tokens[position] ?? 0;
    const x = weights('token_embd.weight').slice(token * width, (token + 1) * width);
    for (let layer = 0; layer < layers; layer++) {
      const name = (part: string) => `blk.${layer}.${part}`;
      const normed = rmsNorm(x, weights(name('attn_norm.weight')), config.epsilon);
      const project = (part: string) => addInto(times(name(`${part}.weight`), normed), optional(name(`${part}.bias`)));
      const turn = (heads: Float64Array, gain: string) =>
        rotate(config, headNorm(config, heads, optional(name(gain))), position, optional('rope_freqs.weight'));
      const q = turn(project('attn_q'), 'attn_q_norm.weight');
      present(keys[layer], 'layer').push(keep(turn(project('attn_k'), 'attn_k_norm.weight')));
      present(values[layer], 'layer').push(keep(project('attn_v')));
      const mixed = attend(config, q, present(keys[layer], 'layer'), present(values[layer], 'layer'));
      addInto(x, times(name('attn_output.weight'), mixed));
      const inner = rmsNorm(x, weights(name('ffn_norm.weight')), config.epsilon);
      const up = times(name('ffn_up.weight'), inner);
      const gated = times(name('ffn_gate.weight'), inner).map((g, i) => (g / (1 + Math.exp(-g))) * (up[i] ?? 0));
      addInto(x, times(name('ffn_down.weight'), gated));
    }
    const last = rmsNorm(x, weights('output_norm.weight'), config.epsilon);
    onState(last);
    out.push(logSoftmax(times(config.isTied ? 'token_embd.weight' : 'output.weight', last)));
  }
  return out;
}

/** W x for W of (rows, x.length). */
function matVec(w: Float64Array, x: Float64Array): Float64Array {
  const k = x.length;
  return Float64Array.from({ length: w.length / k }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (w[row * k + i] ?? 0) * (x[i] ?? 0);
    return sum;
  });
}

function addInto(target: Float64Array, other: Float64Array | undefined): Float64Array {
  other?.forEach((value, i) => (target[i] = (target[i] ?? 0) + value));
  return target;
}

function rmsNorm(x: Float64Array, gain: Float64Array, epsilon: number): Float64Array {
  const mean = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  return x.map((v, i) => (v / Math.sqrt(mean + epsilon)) * (gain[i] ?? 0));
}

function headNorm(config: ModelConfig, heads: Float64Array, gain: Float64Array | undefined): Float64Array {
  if (!gain) return heads;
  const { headSize } = config;
  const out = heads.slice();
  for (let at = 0; at < out.length; at += headSize)
    out.set(rmsNorm(heads.subarray(at, at + headSize), gain, config.epsilon), at);
  return out;
}

function rotate(
  config: ModelConfig,
  heads: Float64Array,
  position: number,
  factors: Float64Array | undefined,
): Float64Array {
  const { headSize, rotary, ropeBase, ropeScale, ropeStyle } = config;
  const out = heads.slice();
  for (let at = 0; at < heads.length; at += headSize) {
    for (let i = 0; i < rotary / 2; i++) {
      const angle = (position * ropeBase ** ((-2 * i) / rotary)) / (factors?.[i] ?? 1) / ropeScale;
      const first = at + (ropeStyle === 'pairs' ? 2 * i : i);
      const second = ropeStyle === 'pairs' ? first + 1 : first + rotary / 2;
      const a = heads[first] ?? 0;
      const b = heads[second] ?? 0;
      out[first] = a * Math.cos(angle) - b * Math.sin(angle);
      out[second] = a * Math.sin(angle) + b * Math.cos(angle);
    }
  }
  return out;
}

function attend(
  config: ModelConfig,
  q: Float64Array,
  keys: readonly Float64Array[],
  values: readonly Float64Array[],
): Float64Array {
  const { heads, kvHeads, headSize } = config;
  const out = new Float64Array(heads * headSize);
  for (let h = 0; h < heads; h++) {
    const kv = Math.floor(h / (heads / kvHeads)) * headSize;
    const query = q.subarray(h * headSize, (h + 1) * headSize);
    const scores = keys.map(
      (key) => query.reduce((sum, v, d) => sum + v * (key[kv + d] ?? 0), 0) / Math.sqrt(headSize),
    );
    const weights = logSoftmax(Float64Array.from(scores)).map(Math.exp);
    for (let d = 0; d < headSize; d++) {
      out[h * headSize + d] = values.reduce((sum, value, t) => sum + (weights[t] ?? 0) * (value[kv + d] ?? 0), 0);
    }
  }
  return out;
}

function logSoftmax(logits: Float64Array): Float64Array {
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const mass = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return logits.map((v) => v - top - Math.log(mass));
}
