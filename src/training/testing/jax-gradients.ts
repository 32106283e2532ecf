import type * as Jax from '@jax-js/jax';
import type { ModelConfig } from '../../engine/index.ts';
import type { PackedBatch } from '../data/packed-batch.ts';

type JaxArray = Jax.Array;

/** An adapter's loss as jax-js computes and differentiates it: a model that shares not a line with ours. */
export interface JaxLora {
  readonly jax: typeof Jax;
  /** The adapter's tensors, `….lora_a` and `….lora_b`, in the order of `arrays`. */
  readonly names: readonly string[];
  arrays(): JaxArray[];
  /** Of a batch whose labels are a part of `count` in all. */
  lossOf(adapters: JaxArray[], batch: PackedBatch, count: number): JaxArray;
}

/** @param device `cpu` computes in float64, `webgpu` in float32 */
export async function createJaxLora(
  config: ModelConfig,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  loraScale: number,
  device: 'cpu' | 'webgpu',
): Promise<JaxLora> {
  // Before Node 24 there is none, and the library asks for one by name when it reads arrays.
  (globalThis as { Float16Array?: unknown }).Float16Array ??= class extends Uint16Array {};
  const jax = await import('@jax-js/jax');
  await jax.init(device);
  jax.defaultDevice(device);
  const { numpy: np, nn } = jax;
  const { width, heads, kvHeads, headSize, rotary, vocabulary, epsilon } = config;

  const constant = (values: ArrayLike<number>, shape: number[]) =>
    device === 'cpu'
      ? np.array(Float64Array.from(values), { shape, dtype: np.float64 })
      : np.array(Float32Array.from(values), { shape });
  const filled = (shape: number[], value: (...at: number[]) => number) => {
    const [rows = 1, columns = 1] = shape;
    return constant(
      Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns)),
      shape,
    );
  };
  const names = [...parameters.keys()].filter((name) => /\.lora_[ab]$/.test(name));
  const made = new Map<string, JaxArray>();
  const frozen = (name: string, shape: number[]) => {
    const values = parameters.get(name);
    const array = made.get(name) ?? (values && constant(values, shape));
    if (array) made.set(name, array);
    return array?.ref;
  };
  const matrix = (name: string, columns: number): JaxArray => {
    const found = frozen(name, [(parameters.get(name)?.length ?? 0) / columns, columns]);
    if (!found) throw new TypeError(`no tensor ${name}`);
    return found;
  };
  const timesTransposed = (x: JaxArray, w: JaxArray) => np.matmul(x, np.transpose(w));
  const rmsNorm = (x: JaxArray, gain: JaxArray) => {
    const mean = np.mean(np.square(x.ref), -1, { keepdims: true });
    return x.div(np.sqrt(mean.add(epsilon))).mul(gain);
  };
  // As a product with a signed permutation: x turned by a quarter.
  const partner = (i: number, pair: number) => {
    const [a, b] = config.ropeStyle === 'pairs' ? [2 * pair, 2 * pair + 1] : [pair, pair + rotary / 2];
    return { a, b, isMember: i === a || i === b };
  };
  const pairOf = (i: number) =>
    Array.from({ length: rotary / 2 }, (_, pair) => pair).find((pair) => partner(i, pair).isMember);
  const quarter = filled([headSize, headSize], (from, to) => {
    const pair = pairOf(from);
    if (pair === undefined) return 0;
    const { a, b } = partner(from, pair);
    if (from === a && to === b) return 1;
    return from === b && to === a ? -1 : 0;
  });
  const factors = parameters.get('rope_freqs.weight');

  const lossOf = (adapters: JaxArray[], batch: PackedBatch, count: number): JaxArray => {
    const T = batch.tokens.length;
    const adapter = new Map(names.map((name, i) => [name, adapters[i]]));
    const linear = (name: string, x: JaxArray, inputs: number, outputs: number) => {
      const a = adapter.get(`${name}.weight.lora_a`);
      const b = adapter.get(`${name}.weight.lora_b`);
      let y = timesTransposed(x.ref, matrix(`${name}.weight`, inputs));
      if (a && b) y = y.add(timesTransposed(timesTransposed(x.ref, a.ref), b.ref).mul(loraScale));
      const bias = frozen(`${name}.bias`, [1, outputs]);
      return bias ? y.add(bias) : y;
    };
    const angle = (t: number, i: number) => {
      const pair = pairOf(i);
      if (pair === undefined) return 0;
      const frequency = config.ropeBase ** ((-2 * pair) / rotary) / (factors?.[pair] ?? 1) / config.ropeScale;
      return (batch.positions[t] ?? 0) * frequency;
    };
    const cos = filled([T, headSize], (t, i) => Math.cos(angle(t, i)));
    const sin = filled([T, headSize], (t, i) => Math.sin(angle(t, i)));
    /** (T, heads · size) → (heads, T, size), normed where the model does, and turned. */
    const splitHeads = (x: JaxArray, count: number) => np.transpose(x.reshape([T, count, headSize]), [1, 0, 2]);
    const turned = (name: string, x: JaxArray, count: number) => {
      const gain = frozen(`${name}_norm.weight`, [1, 1, headSize]);
      const split = splitHeads(x, count);
      const normed = gain ? rmsNorm(split, gain) : split;
      const other = np.matmul(normed.ref, quarter.ref);
      return normed.mul(cos.ref.reshape([1, T, headSize])).add(other.mul(sin.ref.reshape([1, T, headSize])));
    };
    const mask = filled([T, T], (t, j) => (j <= t && j >= (batch.segmentStarts[t] ?? 0) ? 0 : -1e30));
    const table = matrix('token_embd.weight', width);
    const head = config.isTied ? table : matrix('output.weight', width);
    const embedding = parameters.get('token_embd.weight') ?? [];
    let x = filled([T, width], (t, k) => embedding[(batch.tokens[t] ?? 0) * width + k] ?? 0);
    for (let layer = 0; layer < config.layers; layer++) {
      const name = (part: string) => `blk.${layer}.${part}`;
      const normed = rmsNorm(x.ref, matrix(name('attn_norm.weight'), width));
      const [q, kv] = [heads * headSize, kvHeads * headSize];
      const query = turned(name('attn_q'), linear(name('attn_q'), normed, width, q), heads);
      const key = turned(name('attn_k'), linear(name('attn_k'), normed, width, kv), kvHeads);
      const value = splitHeads(linear(name('attn_v'), normed, width, kv), kvHeads);
      const group = heads / kvHeads;
      const scores = np.matmul(query, np.transpose(np.repeat(key, group, 0), [0, 2, 1])).mul(headSize ** -0.5);
      const weights = nn.softmax(scores.add(mask.ref.reshape([1, T, T])), -1);
      const mixed = np.transpose(np.matmul(weights, np.repeat(value, group, 0)), [1, 0, 2]).reshape([T, q]);
      x = x.add(linear(name('attn_output'), mixed, q, width));
      const inner = rmsNorm(x.ref, matrix(name('ffn_norm.weight'), width));
      const gate = linear(name('ffn_gate'), inner, width, config.ffnWidth);
      const up = linear(name('ffn_up'), inner, width, config.ffnWidth);
      x = x.add(linear(name('ffn_down'), nn.silu(gate).mul(up), config.ffnWidth, width));
    }
    const last = rmsNorm(x, matrix('output_norm.weight', width));
    const logs = nn.logSoftmax(timesTransposed(last, head), -1);
    const chosen = filled([T, vocabulary], (t, v) => (batch.labels[t] === v ? -1 / count : 0));
    return np.sum(logs.mul(chosen));
  };

  const arrays = () =>
    names.map((name) => {
      const values = parameters.get(name) ?? [];
      const inputs = inputsOf(config, name);
      const rank = (parameters.get(name.replace('.lora_b', '.lora_a'))?.length ?? 0) / inputs;
      const columns = name.endsWith('.lora_a') ? inputs : rank;
      return constant(values, [values.length / columns, columns]);
    });
  return { jax, names, arrays, lossOf };
}

/**
 * Loss and gradients of an adapter by automatic differentiation in float64. Tensors are named as in `referenceGradients`;
 * gradients are those of the adapter.
 */
export async function jaxLoraGradients(
  config: ModelConfig,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  batches: readonly PackedBatch[],
  loraScale: number,
): Promise<{ loss: number; gradients: Map<string, Float64Array> }> {
  const { jax, names, arrays, lossOf } = await createJaxLora(config, parameters, loraScale, 'cpu');
  const count = batches.reduce((sum, { labels }) => sum + labels.filter((label) => label >= 0).length, 0);
  let loss = 0;
  const gradients = new Map(names.map((name) => [name, new Float64Array(parameters.get(name)?.length ?? 0)]));
  for (const batch of batches) {
    const of = (list: JaxArray[]) => lossOf(list, batch, count);
    const [value, grads] = jax.valueAndGrad(of)(arrays()) as [JaxArray, JaxArray[]];
    loss += (await value.data())[0] ?? Number.NaN;
    for (const [i, name] of names.entries()) {
      const found = await grads[i]?.data();
      const sum = gradients.get(name);
      sum?.forEach((g, at) => (sum[at] = g + (found?.[at] ?? Number.NaN)));
    }
  }
  return { loss, gradients };
}

function inputsOf(config: ModelConfig, name: string): number {
  if (name.includes('ffn_down')) return config.ffnWidth;
  return name.includes('attn_output') ? config.heads * config.headSize : config.width;
}
