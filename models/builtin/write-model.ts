import type { Bytes } from '../../src/base/bytes.ts';
import type { ModelConfig } from '../../src/engine/model/config.ts';
import { quantiseQ8_0 } from '../../src/weights/gguf/quantise-q8-0.ts';
import { writeGguf, type GgufWritable, type GgufWriteTensor } from '../../src/weights/gguf/write-gguf.ts';

/** Trained numbers by GGUF tensor name; matrices row after row, `[outputs][inputs]`. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/** Names and sizes of all parameters of a `llama` model with a tied head, in the order of the file. */
export function parameterShapes(config: ModelConfig): { name: string; dims: readonly number[] }[] {
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary } = config;
  const perLayer: readonly (readonly [string, ...number[]])[] = [
    ['attn_norm', width],
    ['attn_q', width, heads * headSize],
    ['attn_k', width, kvHeads * headSize],
    ['attn_v', width, kvHeads * headSize],
    ['attn_output', heads * headSize, width],
    ['ffn_norm', width],
    ['ffn_gate', width, ffnWidth],
    ['ffn_up', width, ffnWidth],
    ['ffn_down', ffnWidth, width],
  ];
  return [
    { name: 'token_embd.weight', dims: [width, vocabulary] },
    { name: 'output_norm.weight', dims: [width] },
    ...Array.from({ length: config.layers }, (_, layer) =>
      perLayer.map(([part, ...dims]) => ({ name: `blk.${layer}.${part}.weight`, dims })),
    ).flat(),
  ];
}

/** A GGUF of the model: matrices in Q8_0 (or F32), norms in F32. */
export function writeModel(
  config: ModelConfig,
  parameters: Parameters,
  about: Readonly<Record<string, GgufWritable>>,
  type: 'Q8_0' | 'F32' = 'Q8_0',
): Bytes {
  const tensors = parameterShapes(config).map(({ name, dims }): GgufWriteTensor => {
    const values = parameters.get(name);
    if (!values) throw new Error(`parameter ${name} is missing`);
    if (dims.length === 1 || type === 'F32') {
      return { name, dims, type: 'F32', bytes: new Uint8Array(values.slice().buffer) };
    }
    return { name, dims, type, bytes: quantiseQ8_0(values) };
  });
  return writeGguf({ metadata: { ...architectureMetadata(config, type), ...about }, tensors });
}

/** `general.file_type` of llama.cpp's `llama_ftype`. */
const FILE_TYPE = { F32: 0, Q8_0: 7 } as const;

function architectureMetadata(config: ModelConfig, type: keyof typeof FILE_TYPE): Record<string, GgufWritable> {
  return {
    'general.architecture': 'llama',
    'general.file_type': FILE_TYPE[type],
    'general.quantization_version': 2,
    'llama.vocab_size': config.vocabulary,
    'llama.context_length': config.contextTokens,
    'llama.embedding_length': config.width,
    'llama.block_count': config.layers,
    'llama.feed_forward_length': config.ffnWidth,
    'llama.attention.head_count': config.heads,
    'llama.attention.head_count_kv': config.kvHeads,
    'llama.attention.key_length': config.headSize,
    'llama.attention.value_length': config.headSize,
    'llama.attention.layer_norm_rms_epsilon': { f32: config.epsilon },
    'llama.rope.dimension_count': config.rotary,
    'llama.rope.freq_base': { f32: config.ropeBase },
  };
}
