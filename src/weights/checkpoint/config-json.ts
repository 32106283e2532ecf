import {
  array,
  boolean,
  finite,
  integer,
  looseObject,
  maxValue,
  minValue,
  nullish,
  number,
  optional,
  pipe,
  safeParse,
  string,
  union,
  type InferOutput,
} from 'valibot';
import { WeightsError } from '../errors.ts';

const count = pipe(number(), integer(), minValue(1), maxValue(2 ** 24));
const real = pipe(number(), finite());

const ropeScaling = looseObject({
  type: optional(string()),
  rope_type: optional(string()),
  factor: optional(real),
  rope_theta: optional(real),
  low_freq_factor: optional(real),
  high_freq_factor: optional(real),
  original_max_position_embeddings: optional(count),
});

const quantisation = looseObject({
  quant_method: string(),
  bits: optional(number()),
  group_size: optional(number()),
  /** AWQ */
  version: optional(string()),
  zero_point: optional(boolean()),
  /** GPTQ */
  sym: optional(boolean()),
  checkpoint_format: optional(string()),
});

const configJson = looseObject({
  model_type: string(),
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: pipe(count, maxValue(512)),
  num_attention_heads: count,
  num_key_value_heads: nullish(count),
  head_dim: nullish(count),
  max_position_embeddings: count,
  rms_norm_eps: real,
  rope_theta: nullish(real),
  rope_scaling: nullish(ropeScaling),
  /** Where newer files keep both. */
  rope_parameters: nullish(ropeScaling),
  hidden_act: nullish(string()),
  tie_word_embeddings: nullish(boolean()),
  use_sliding_window: nullish(boolean()),
  eos_token_id: nullish(union([number(), array(number())])),
  bos_token_id: nullish(number()),
  quantization_config: nullish(quantisation),
});

export type ConfigJson = InferOutput<typeof configJson>;
export type RopeScaling = InferOutput<typeof ropeScaling>;

/** How the products of a checkpoint are quantised. */
export interface Int4Format {
  readonly method: 'awq' | 'gptq';
  /** Inputs that share a scale and a zero; undefined: all of a row. */
  readonly groupSize: number | undefined;
  /** Every zero is 8. */
  readonly isSymmetric: boolean;
  readonly zeroOffset: 0 | 1;
}

/** @throws {WeightsError} `checkpoint-invalid` */
export function parseConfig(json: unknown): ConfigJson {
  const parsed = safeParse(configJson, json);
  if (parsed.success) return parsed.output;
  const where = parsed.issues[0].path?.map(({ key }) => String(key)).join('.') ?? 'config.json';
  throw new WeightsError('checkpoint-invalid', `config.json: ${where.slice(0, 100)} is missing or malformed`, {
    name: where.slice(0, 100),
  });
}

/**
 * How the matrices are quantised, or undefined if they are not.
 *
 * @throws {WeightsError} `checkpoint-unsupported` with the name of what is not supported
 */
export function int4FormatOf({ quantization_config: quantised }: ConfigJson): Int4Format | undefined {
  if (!quantised) return undefined;
  const { quant_method: method, bits, group_size: size, version, zero_point, sym, checkpoint_format } = quantised;
  if (method !== 'awq' && method !== 'gptq') throw unsupported('quant_method', method, 'awq or gptq');
  if (bits !== 4) throw unsupported('bits', String(bits), '4');
  if (size === undefined || (size !== -1 && !(Number.isInteger(size) && size > 0 && size % 32 === 0)))
    throw unsupported('group_size', String(size), 'a multiple of 32, or -1');
  const groupSize = size === -1 ? undefined : size;
  if (method === 'awq') {
    const layout = (version ?? 'gemm').toLowerCase();
    if (layout !== 'gemm') throw unsupported('version', layout, 'gemm');
    if (zero_point === false) throw unsupported('zero_point', 'false', 'true');
    return { method, groupSize, isSymmetric: false, zeroOffset: 0 };
  }
  const format = checkpoint_format ?? 'gptq';
  if (format !== 'gptq' && format !== 'gptq_v2') throw unsupported('checkpoint_format', format, 'gptq or gptq_v2');
  return { method, groupSize, isSymmetric: sym ?? false, zeroOffset: format === 'gptq' ? 1 : 0 };
}

export function unsupported(name: string, found: string, expected: string): WeightsError {
  return new WeightsError(
    'checkpoint-unsupported',
    `checkpoint: ${name} of ${found.slice(0, 100)} is not supported, ${expected} expected; take another quantisation`,
    { name },
  );
}
