import type { ModelConfig } from '../../engine/index.ts';
import { TrainingError } from '../errors.ts';

/** The matrices that may carry a low-rank change, by their GGUF names. */
export const LORA_TARGETS = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'] as const;
export type LoraTarget = (typeof LORA_TARGETS)[number];

/** The form of an adapter (Hu et al. 2021). */
export interface LoraOptions {
  /** 1 to 64. */
  readonly rank: number;
  /** The change counts alpha / rank. */
  readonly alpha: number;
  /** All seven by default. */
  readonly targets?: readonly LoraTarget[];
  /** Count alpha / √rank instead (Kalajdzievski 2023), which keeps high ranks learning. */
  readonly isRankStabilised?: boolean;
}

const MAX_RANK = 64;

/** @throws {TrainingError} `adapter-invalid` */
export function checkLora({ rank, alpha, targets = LORA_TARGETS }: LoraOptions): void {
  const fail = (name: string, value: number, limit: number): never => {
    const message = `${name} of an adapter is ${value}; 1 to ${limit} expected`;
    throw new TrainingError('adapter-invalid', message, { name, value, limit });
  };
  if (!Number.isInteger(rank) || rank < 1 || rank > MAX_RANK) fail('rank', rank, MAX_RANK);
  if (!(alpha > 0) || !Number.isFinite(alpha)) fail('alpha', alpha, Number.MAX_VALUE);
  if (targets.length === 0) fail('number of targets', 0, LORA_TARGETS.length);
}

/** What B (A x) is multiplied by. */
export function loraScale({ rank, alpha, isRankStabilised = false }: LoraOptions): number {
  return alpha / (isRankStabilised ? Math.sqrt(rank) : rank);
}

/** A linear layer of a model: tensors whose outputs lie side by side. */
export interface LinearShape {
  readonly inputs: number;
  readonly tensors: readonly { readonly target: LoraTarget; readonly output: number; readonly outputs: number }[];
}

/** The linear layers of a model's layer. */
export function linearShapes(config: ModelConfig): Record<'qkv' | 'output' | 'gateUp' | 'down', LinearShape> {
  const { width, ffnWidth, heads, kvHeads, headSize } = config;
  const shape = (inputs: number, ...parts: readonly (readonly [LoraTarget, number])[]): LinearShape => {
    let at = 0;
    return {
      inputs,
      tensors: parts.map(([target, outputs]) => {
        const output = at;
        at += outputs;
        return { target, output, outputs };
      }),
    };
  };
  return {
    qkv: shape(width, ['attn_q', heads * headSize], ['attn_k', kvHeads * headSize], ['attn_v', kvHeads * headSize]),
    output: shape(heads * headSize, ['attn_output', width]),
    gateUp: shape(width, ['ffn_gate', ffnWidth], ['ffn_up', ffnWidth]),
    down: shape(ffnWidth, ['ffn_down', width]),
  };
}
