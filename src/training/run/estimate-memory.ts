import type { ModelConfig } from '../../engine/index.ts';
import { layOutAdapter } from '../model/adapter-layout.ts';
import { chooseHeadChunks } from '../model/head.ts';
import type { MomentBits } from '../model/adamw.ts';
import type { LoraOptions } from '../model/lora.ts';

/** Where the bytes of a run on the GPU go. */
export interface MemoryEstimate {
  /** The frozen base. */
  readonly weights: number;
  /** Adapter, gradients and moments. */
  readonly adapter: number;
  /** What the forward pass keeps for the backward pass. */
  readonly activations: number;
  /** Whatever a layer needs beside. */
  readonly work: number;
  /** Logits of a chunk. */
  readonly head: number;
  readonly total: number;
}

/** Bytes of a training run before it begins; what is allocated stays within a tenth of it. */
export function estimateMemory(
  config: ModelConfig,
  weights: number,
  options: {
    readonly lora: LoraOptions;
    readonly batchTokens: number;
    readonly checkpointing: boolean;
    readonly momentBits: MomentBits;
  },
): MemoryEstimate {
  const { layers, width, ffnWidth, heads, kvHeads, headSize } = config;
  const chunks = chooseHeadChunks(config.vocabulary, options.batchTokens);
  const rows = Math.ceil(options.batchTokens / chunks.rows) * chunks.rows;
  const [q, kv] = [heads * headSize, kvHeads * headSize];
  const adapter = layOutAdapter(config, options.lora).length * (8 + (2 * options.momentBits) / 8);
  // Of a layer and row: residual, factors of norms, qkv, mixed values, log-sums, the residual between, gate and up.
  const layer = 2 * width + 2 * q + 2 * kv + 2 * ffnWidth + heads + 2 + (config.hasHeadNorm ? q + kv : 0);
  const activations = 4 * rows * (options.checkpointing ? layers * width + layer : layers * layer);
  const work = 4 * rows * (3 * width + 2 * q + 2 * kv + 3 * ffnWidth);
  const head = 4 * chunks.rows * chunks.tokens;
  return { weights, adapter, activations, work, head, total: weights + adapter + activations + work + head };
}
