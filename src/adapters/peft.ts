import {
  array,
  boolean,
  literal,
  looseObject,
  maxLength,
  nullish,
  number,
  object,
  optional,
  pipe,
  record,
  safeParse,
  string,
  unknown,
} from 'valibot';
import type { Bytes } from '../base/bytes.ts';
import type { LowRankPair, ModelConfig } from '../engine/index.ts';
import { parseSafetensorsHeader, readFloats, writeSafetensors, type SafetensorsTensor } from '../weights/index.ts';
import { adaptedTensors } from './adapted-tensors.ts';
import { AdapterError } from './errors.ts';
import { checkAdapter, scaleOf, type LoraAdapter } from './lora-form.ts';
import { toHalves, toNeighbours } from './row-order.ts';

export const PEFT_CONFIG = 'adapter_config.json';
export const PEFT_WEIGHTS = 'adapter_model.safetensors';

/** The two files of a PEFT directory. */
export interface PeftFiles {
  readonly [PEFT_CONFIG]: Bytes;
  readonly [PEFT_WEIGHTS]: Bytes;
}

export interface PeftAdapter extends LoraAdapter {
  /** What the directory calls its base: a folder or a name on a hub. */
  readonly baseName: string;
}

const PREFIX = 'base_model.model.';

/** What must be known to compute with an adapter; settings of training alone are not looked at. */
const peftConfig = looseObject({
  peft_type: string(),
  base_model_name_or_path: nullish(pipe(string(), maxLength(1024)), ''),
  r: number(),
  lora_alpha: number(),
  use_rslora: optional(boolean(), false),
  use_dora: optional(boolean(), false),
  fan_in_fan_out: optional(boolean(), false),
  bias: optional(string(), 'none'),
  modules_to_save: nullish(array(string()), []),
  rank_pattern: nullish(record(string(), unknown()), {}),
  alpha_pattern: nullish(record(string(), unknown()), {}),
});
/** Of settings that change what is computed, those that this build computes. */
const computable = object({
  peft_type: literal('LORA', 'peft_type'),
  use_dora: literal(false, 'use_dora'),
  fan_in_fan_out: literal(false, 'fan_in_fan_out'),
  bias: literal('none', 'bias'),
  modules_to_save: pipe(array(string()), maxLength(0, 'modules_to_save')),
});

/**
 * A directory that PEFT's `PeftModel.from_pretrained` loads: `adapter_config.json` as Python writes it and
 * `adapter_model.safetensors` in f32, with q and k in the row order of Transformers.
 *
 * @throws {AdapterError} as `checkAdapter`
 * @see https://huggingface.co/docs/peft/developer_guides/checkpoint
 */
export function writePeft(adapter: PeftAdapter, config: ModelConfig): PeftFiles {
  checkAdapter(adapter, config);
  const { weights, form, baseName } = adapter;
  const { rank, alpha, isRankStabilised = false } = form;
  const changed = adaptedTensors(config).filter(({ gguf }) => weights.has(gguf));
  const settings = {
    alpha_pattern: {},
    base_model_name_or_path: baseName,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_to_transform: null,
    lora_alpha: alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: rank,
    rank_pattern: {},
    target_modules: [...new Set(changed.map(({ target }) => target))],
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: isRankStabilised,
  };
  const tensors = changed.flatMap(({ gguf, module, inputs, outputs, turnedHeads }) => {
    const { a, b } = weights.get(gguf) ?? { a: new Float32Array(), b: new Float32Array() };
    const rows = turnedHeads > 0 ? toHalves(b, turnedHeads, rank) : b;
    return [
      { name: `${PREFIX}${module}.lora_A.weight`, type: 'F32' as const, shape: [rank, inputs], bytes: bytesOf(a) },
      { name: `${PREFIX}${module}.lora_B.weight`, type: 'F32' as const, shape: [outputs, rank], bytes: bytesOf(rows) },
    ];
  });
  return {
    [PEFT_CONFIG]: new TextEncoder().encode(JSON.stringify(settings, undefined, 2)),
    [PEFT_WEIGHTS]: writeSafetensors(tensors, { format: 'pt' }),
  };
}

/**
 * Reads a PEFT directory for a base.
 *
 * @throws {AdapterError} `adapter-invalid`, `adapter-unsupported`, `adapter-base`; {WeightsError} `safetensors-invalid`
 */
export function readPeft(files: PeftFiles, config: ModelConfig): PeftAdapter {
  const { r: rank, lora_alpha: alpha, use_rslora: isRankStabilised, ...settings } = readSettings(files[PEFT_CONFIG]);
  const form = { rank, alpha, isRankStabilised };
  const file = files[PEFT_WEIGHTS];
  const left = new Map(parseSafetensorsHeader(file).tensors.map((tensor) => [tensor.name, tensor]));
  const take = (name: string): SafetensorsTensor | undefined => {
    const tensor = left.get(name);
    left.delete(name);
    return tensor;
  };
  const weights = new Map<string, LowRankPair>();
  for (const { gguf, module, turnedHeads } of adaptedTensors(config)) {
    const a = take(`${PREFIX}${module}.lora_A.weight`);
    const b = take(`${PREFIX}${module}.lora_B.weight`);
    if (!a && !b) continue;
    if (!a || !b) throw invalid(`${module} has only one half of its pair`);
    if (a.shape[0] !== rank || b.shape[1] !== rank) {
      throw invalid(`${module} is of rank ${a.shape[0]} and ${b.shape[1]}, its settings say ${rank}`);
    }
    const rows = readFloats(file, b);
    weights.set(gguf, {
      rank,
      scale: scaleOf(form),
      a: readFloats(file, a),
      b: turnedHeads > 0 && rows.length % (2 * turnedHeads * rank) === 0 ? toNeighbours(rows, turnedHeads, rank) : rows,
    });
  }
  const [stray] = left.keys();
  if (stray !== undefined) {
    const name = stray.slice(0, 120);
    throw new AdapterError('adapter-base', `the base has no ${name}; choose the base that it was made for`, { name });
  }
  const adapter = { weights, form, baseName: settings.base_model_name_or_path };
  checkAdapter(adapter, config);
  return adapter;
}

function readSettings(bytes: Bytes) {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(`${PEFT_CONFIG} is no JSON`, cause);
  }
  const parsed = safeParse(peftConfig, json);
  if (!parsed.success) throw invalid(`${PEFT_CONFIG} lacks r, lora_alpha or peft_type, or they are of wrong types`);
  const settings = parsed.output;
  const checked = safeParse(computable, settings);
  const patterns = (['rank_pattern', 'alpha_pattern'] as const).find((key) => Object.keys(settings[key]).length > 0);
  const name = checked.success ? patterns : checked.issues[0].message;
  if (name !== undefined) {
    const message = `this build does not compute with the setting ${name} of ${PEFT_CONFIG}; merge the adapter into its base`;
    throw new AdapterError('adapter-unsupported', message, { name });
  }
  const { r, lora_alpha } = settings;
  if (!Number.isInteger(r) || r < 1 || !(lora_alpha > 0 && lora_alpha < Infinity)) {
    throw invalid(`its rank is ${r} and its alpha ${lora_alpha}`);
  }
  return settings;
}

function bytesOf(values: Float32Array<ArrayBuffer>): Bytes {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function invalid(why: string, cause?: unknown): AdapterError {
  return new AdapterError('adapter-invalid', `no PEFT directory: ${why}; export it again`, {}, { cause });
}
