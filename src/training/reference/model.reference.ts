import type { ModelConfig } from '../../engine/index.ts';
import type { PackedBatch } from '../data/packed-batch.ts';
import { matrix, Tape, type Matrix } from './tape.reference.ts';

/** Loss and the gradient of every tensor that the model has, adapters included. */
export interface ReferenceGradients {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float64Array>;
}

/**
 * A whole model in f64, forward and backward: slow, plain, the oracle of training. Tensors go by their GGUF names; beside
 * `x.weight` there may be `x.weight.lora_a` (rank, inputs) and `x.weight.lora_b` (outputs, rank), put on with `loraScale`.
 */
export function referenceGradients(
  config: ModelConfig,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  batches: readonly PackedBatch[],
  loraScale = 1,
): ReferenceGradients {
  const count = batches.reduce((sum, { labels }) => sum + labels.filter((label) => label >= 0).length, 0);
  const tensors = new Map<string, Matrix>();
  const tensor = (name: string, columns: number): Matrix | undefined => {
    const values = parameters.get(name);
    if (!values) return undefined;
    const known = tensors.get(name) ?? matrix(values.length / columns, columns, Float64Array.from(values));
    tensors.set(name, known);
    return known;
  };
  let loss = 0;
  for (const batch of batches) loss += forwardBackward(config, tensor, batch, count, loraScale);
  return { loss, gradients: new Map([...tensors].map(([name, { grad }]) => [name, grad])) };
}

type Tensors = (name: string, columns: number) => Matrix | undefined;

function forwardBackward(
  config: ModelConfig,
  tensors: Tensors,
  batch: PackedBatch,
  count: number,
  loraScale: number,
): number {
  const { width, headSize, rotary, epsilon } = config;
  const tape = new Tape();
  const tensor = (name: string, columns: number): Matrix => {
    const found = tensors(name, columns);
    if (!found) throw new TypeError(`no tensor ${name}`);
    return found;
  };
  const linear = (name: string, x: Matrix): Matrix => {
    let y = tape.linear(x, tensor(`${name}.weight`, x.columns));
    const a = tensors(`${name}.weight.lora_a`, x.columns);
    if (a) y = tape.add(y, tape.linear(tape.linear(x, a), tensor(`${name}.weight.lora_b`, a.rows), loraScale));
    const bias = tensors(`${name}.bias`, y.columns);
    return bias ? tape.add(y, bias) : y;
  };
  const factors = tensors('rope_freqs.weight', rotary / 2)?.value;
  const turned = (name: string, x: Matrix): Matrix => {
    const gain = tensors(`${name}_norm.weight`, headSize);
    return tape.rope(
      gain ? tape.rmsNorm(x, gain, epsilon) : x,
      headSize,
      rotary / 2,
      (t, i) =>
        ((batch.positions[t] ?? 0) * config.ropeBase ** ((-2 * i) / rotary)) / (factors?.[i] ?? 1) / config.ropeScale,
      (i) => (config.ropeStyle === 'pairs' ? [2 * i, 2 * i + 1] : [i, i + rotary / 2]),
    );
  };
  const table = tensor('token_embd.weight', width);
  let x = tape.gather(table, batch.tokens);
  for (let layer = 0; layer < config.layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}`;
    const normed = tape.rmsNorm(x, tensor(name('attn_norm.weight'), width), epsilon);
    const [q, k, v] = ['attn_q', 'attn_k', 'attn_v'].map((part) => linear(name(part), normed)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const mixed = tape.attention(
      turned(name('attn_q'), q),
      turned(name('attn_k'), k),
      v,
      headSize,
      batch.segmentStarts,
    );
    x = tape.add(x, linear(name('attn_output'), mixed));
    const inner = tape.rmsNorm(x, tensor(name('ffn_norm.weight'), width), epsilon);
    const gated = tape.swiglu(linear(name('ffn_gate'), inner), linear(name('ffn_up'), inner));
    x = tape.add(x, linear(name('ffn_down'), gated));
  }
  const last = tape.rmsNorm(x, tensor('output_norm.weight', width), epsilon);
  const logits = tape.linear(last, config.isTied ? table : tensor('output.weight', width));
  const loss = tape.crossEntropy(logits, batch.labels, count);
  tape.backward();
  return loss;
}
