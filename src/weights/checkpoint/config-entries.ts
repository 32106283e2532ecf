import type { GgufValue } from '../gguf/metadata.ts';
import { unsupported, type ConfigJson, type RopeScaling } from './config-json.ts';

/** Architectures that GGUF knows by the same name. */
const ARCHITECTURES = ['llama', 'qwen2', 'qwen3'];

/** Numbers of a checkpoint's architecture as metadata of GGUF, and what rope frequencies are divided by. */
export interface ConfigEntries {
  readonly entries: ReadonlyMap<string, GgufValue>;
  readonly headSize: number;
  /** (head size / 2), where they are. */
  readonly ropeFactors: Float32Array<ArrayBuffer> | undefined;
}

/** @throws {WeightsError} `checkpoint-unsupported` */
export function configEntries(config: ConfigJson): ConfigEntries {
  const architecture = config.model_type;
  if (!ARCHITECTURES.includes(architecture)) throw unsupported('model_type', architecture, ARCHITECTURES.join(', '));
  const activation = config.hidden_act ?? 'silu';
  if (activation !== 'silu') throw unsupported('hidden_act', activation, 'silu');
  if (config.use_sliding_window) throw unsupported('use_sliding_window', 'true', 'false');
  const headSize = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  const scaling = config.rope_scaling ?? config.rope_parameters ?? {};
  const base = config.rope_theta ?? config.rope_parameters?.rope_theta ?? 10_000;
  const numbers: Readonly<Record<string, number>> = {
    embedding_length: config.hidden_size,
    feed_forward_length: config.intermediate_size,
    block_count: config.num_hidden_layers,
    context_length: config.max_position_embeddings,
    'attention.head_count': config.num_attention_heads,
    'attention.head_count_kv': config.num_key_value_heads ?? config.num_attention_heads,
    'attention.key_length': headSize,
    'attention.value_length': headSize,
    'attention.layer_norm_rms_epsilon': config.rms_norm_eps,
    'rope.dimension_count': headSize,
    'rope.freq_base': base,
  };
  const entries = new Map<string, GgufValue>([['general.architecture', architecture]]);
  for (const [key, value] of Object.entries(numbers)) entries.set(`${architecture}.${key}`, value);
  const kind = scaling.rope_type ?? scaling.type ?? 'default';
  if (kind === 'linear') {
    entries.set(`${architecture}.rope.scaling.type`, kind);
    entries.set(`${architecture}.rope.scaling.factor`, scaling.factor ?? 1);
  } else if (kind !== 'default' && kind !== 'llama3') {
    throw unsupported('rope_scaling', kind, 'default, linear or llama3');
  }
  return { entries, headSize, ropeFactors: kind === 'llama3' ? llama3Factors(scaling, base, headSize) : undefined };
}

/**
 * Llama 3's stretching of slow frequencies: those with waves longer than the old context are divided by the factor, those
 * much shorter stay, and in between it is interpolated.
 */
function llama3Factors(scaling: RopeScaling, base: number, headSize: number): Float32Array<ArrayBuffer> {
  const { factor = 8, low_freq_factor: low = 1, high_freq_factor: high = 4 } = scaling;
  const context = scaling.original_max_position_embeddings ?? 8192;
  return Float32Array.from({ length: headSize / 2 }, (_, i) => {
    const wave = 2 * Math.PI * base ** ((2 * i) / headSize);
    if (wave < context / high) return 1;
    if (wave > context / low) return factor;
    const smooth = (context / wave - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
