import type { ModelConfig } from '../../engine/index.ts';
import { TrainingError } from '../errors.ts';

/** A tensor within the flat array of all trainable numbers: (rows, columns) row-major, as GGUF keeps it. */
export interface TrainableTensor {
  /** As in GGUF, e.g. `blk.0.attn_q.weight`. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** The first of its numbers. */
  readonly offset: number;
}

/** Where every trainable number lies. Matrices come first, as only they decay. */
export interface ParameterLayout {
  readonly tensors: readonly TrainableTensor[];
  /** Numbers in all, with padding. */
  readonly length: number;
  /** Numbers from the front that weight decay applies to. */
  readonly decayedLength: number;
  /** The first `numbers` numbers from the tensor's on, in one of the flat arrays. */
  part(flat: GPUBuffer, name: string, numbers: number): GPUBufferBinding;
}

/** 256 bytes: where a buffer's part may begin as a binding. */
const ALIGNMENT = 64;
/** What one binding holds by WebGPU's default. */
const MAX_NUMBERS = (128 * 1024 * 1024) / 4;

export type Shape = readonly [name: string, rows: number, columns: number];

/**
 * All weights of a tied Llama-architecture model. Tensors that are used as one product lie side by side: q, k, v, and gate, up.
 *
 * @throws {TrainingError} `model-too-large`
 */
export function layOutModel(config: ModelConfig): ParameterLayout {
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary } = config;
  const layers = Array.from({ length: config.layers }, (_, i) => `blk.${i}.`);
  const matrices = layers.flatMap((prefix): Shape[][] => [
    [
      [`${prefix}attn_q.weight`, heads * headSize, width],
      [`${prefix}attn_k.weight`, kvHeads * headSize, width],
      [`${prefix}attn_v.weight`, kvHeads * headSize, width],
    ],
    [[`${prefix}attn_output.weight`, width, heads * headSize]],
    [
      [`${prefix}ffn_gate.weight`, ffnWidth, width],
      [`${prefix}ffn_up.weight`, ffnWidth, width],
    ],
    [[`${prefix}ffn_down.weight`, width, ffnWidth]],
  ]);
  const gains = layers.flatMap((prefix): Shape[][] => [
    [[`${prefix}attn_norm.weight`, 1, width]],
    [[`${prefix}ffn_norm.weight`, 1, width]],
  ]);
  return layOut(
    [[['token_embd.weight', vocabulary, width]], ...matrices],
    [...gains, [['output_norm.weight', 1, width]]],
  );
}

/**
 * Lays groups of shapes out one after the other, each group on a boundary.
 *
 * @param alignment in numbers, a multiple of 64: that of a binding by default
 * @throws {TrainingError} `model-too-large`
 */
export function layOut(
  decayed: readonly (readonly Shape[])[],
  others: readonly (readonly Shape[])[],
  alignment = ALIGNMENT,
): ParameterLayout {
  const tensors: TrainableTensor[] = [];
  let offset = 0;
  const place = (groups: readonly (readonly Shape[])[]) => {
    for (const group of groups) {
      for (const [name, rows, columns] of group) {
        tensors.push({ name, rows, columns, offset });
        offset += rows * columns;
      }
      offset = Math.ceil(offset / alignment) * alignment;
    }
  };
  place(decayed);
  const decayedLength = offset;
  place(others);
  if (offset > MAX_NUMBERS)
    throw new TrainingError(
      'model-too-large',
      `${offset} trainable numbers, ${MAX_NUMBERS} fit one binding; take a smaller model or rank`,
      { value: offset, limit: MAX_NUMBERS },
    );
  const offsets = new Map(tensors.map((tensor) => [tensor.name, tensor.offset]));
  const part = (flat: GPUBuffer, name: string, numbers: number): GPUBufferBinding => {
    const at = offsets.get(name);
    if (at === undefined) throw new RangeError(`no tensor ${name} in the layout`);
    return { buffer: flat, offset: 4 * at, size: 4 * numbers };
  };
  return { tensors, length: offset, decayedLength, part };
}
