import type { ModelConfig } from '../../engine/index.ts';
import { plainLinear } from './linear.ts';
import type { ParameterLayout } from './parameter-layout.ts';
import type { Gain, Layer, TrainedModel } from './trained-model.ts';

/** A model whose every weight is trained: views of the flat arrays of parameters and gradients, which `layout` divides. */
export function viewFullModel(
  config: ModelConfig,
  layout: ParameterLayout,
  parameters: GPUBuffer,
  gradients: GPUBuffer,
): TrainedModel {
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary } = config;
  const linear = (name: string, outputs: number, inputs: number) =>
    plainLinear(
      layout.part(parameters, name, outputs * inputs),
      layout.part(gradients, name, outputs * inputs),
      outputs,
      inputs,
    );
  const gain = (name: string): Gain => ({
    weights: layout.part(parameters, name, width),
    gradient: layout.part(gradients, name, width),
  });
  const layers = Array.from({ length: config.layers }, (_, i): Layer => {
    const prefix = `blk.${i}.`;
    return {
      attentionNorm: gain(`${prefix}attn_norm.weight`),
      qkv: linear(`${prefix}attn_q.weight`, (heads + 2 * kvHeads) * headSize, width),
      bias: undefined,
      headGains: undefined,
      output: linear(`${prefix}attn_output.weight`, width, heads * headSize),
      ffnNorm: gain(`${prefix}ffn_norm.weight`),
      gateUp: linear(`${prefix}ffn_gate.weight`, 2 * ffnWidth, width),
      down: linear(`${prefix}ffn_down.weight`, width, ffnWidth),
    };
  });
  const table = linear('token_embd.weight', vocabulary, width);
  return { layers, head: { norm: gain('output_norm.weight'), logits: table }, embedding: table };
}
