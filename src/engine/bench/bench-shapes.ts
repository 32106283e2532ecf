import { TENSOR_TYPES, tensorBytes, type GgufTensor, type TensorType } from '../../weights/index.ts';
import type { ModelConfig } from '../model/config.ts';

/** Shapes of well-known models; the numbers are from their published configurations. */
export const BENCH_SHAPES = {
  /** SmolLM2-135M */
  '135M': { layers: 30, width: 576, ffnWidth: 1536, heads: 9, kvHeads: 3, headSize: 64, vocabulary: 49_152 },
  /** Llama-3.2-1B */
  '1B': { layers: 16, width: 2048, ffnWidth: 8192, heads: 32, kvHeads: 8, headSize: 64, vocabulary: 128_256 },
  /** Llama-3.2-3B */
  '3B': { layers: 28, width: 3072, ffnWidth: 8192, heads: 24, kvHeads: 8, headSize: 128, vocabulary: 128_256 },
} as const;

export type BenchShape = keyof typeof BENCH_SHAPES;

/** A Llama of a shape, with fewer layers or words if asked for. */
export function benchConfig(
  shape: BenchShape,
  layers: number | undefined,
  vocabulary: number | undefined,
): ModelConfig {
  const full = BENCH_SHAPES[shape];
  return {
    ...full,
    layers: Math.min(full.layers, layers ?? full.layers),
    vocabulary: Math.min(full.vocabulary, vocabulary ?? full.vocabulary),
    architecture: 'llama',
    rotary: full.headSize,
    ropeBase: 10_000,
    ropeScale: 1,
    ropeStyle: 'pairs',
    hasHeadNorm: false,
    epsilon: 1e-5,
    contextTokens: 2048,
    isTied: true,
  };
}

/** The tensor table of such a model; rows that are no whole blocks of `type` become Q5_0, as llama.cpp has it. */
export function benchTensors(config: ModelConfig, type: TensorType): GgufTensor[] {
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary, layers } = config;
  const tensor = (name: string, dims: readonly number[], wanted: TensorType): GgufTensor => {
    const [k = 0, rows = 1] = dims;
    const fitting = k % TENSOR_TYPES[wanted].blockElements === 0 ? wanted : 'Q5_0';
    return { name, dims, type: fitting, start: 0, sizeBytes: rows * tensorBytes(fitting, k) };
  };
  const layerTensors = (i: number) => [
    tensor(`blk.${i}.attn_norm.weight`, [width], 'F32'),
    tensor(`blk.${i}.attn_q.weight`, [width, heads * headSize], type),
    tensor(`blk.${i}.attn_k.weight`, [width, kvHeads * headSize], type),
    tensor(`blk.${i}.attn_v.weight`, [width, kvHeads * headSize], type),
    tensor(`blk.${i}.attn_output.weight`, [heads * headSize, width], type),
    tensor(`blk.${i}.ffn_norm.weight`, [width], 'F32'),
    tensor(`blk.${i}.ffn_gate.weight`, [width, ffnWidth], type),
    tensor(`blk.${i}.ffn_up.weight`, [width, ffnWidth], type),
    tensor(`blk.${i}.ffn_down.weight`, [ffnWidth, width], type),
  ];
  return [
    tensor('token_embd.weight', [width, vocabulary], type),
    ...Array.from({ length: layers }, (_, i) => layerTensors(i)).flat(),
    tensor('output_norm.weight', [width], 'F32'),
  ];
}
