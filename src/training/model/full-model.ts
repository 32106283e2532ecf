import type { ModelConfig } from '../../engine/index.ts';
import type { Head } from './head.ts';
import type { Gain, Layer } from './layer.ts';
import type { Linear } from './linear.ts';
import type { ParameterLayout } from './parameter-layout.ts';

/** A model whose every weight is trained. */
export interface FullModel {
  readonly layers: readonly Layer[];
  readonly head: Head;
  /** The table of embeddings, which is also the head's matrix. */
  readonly embedding: { readonly weights: GPUBufferBinding; readonly gradient: GPUBufferBinding };
}

/** Views of the flat arrays of parameters and gradients, which `layout` divides. */
export function viewFullModel(
  config: ModelConfig,
  layout: ParameterLayout,
  parameters: GPUBuffer,
  gradients: GPUBuffer,
): FullModel {
  const offsets = new Map(layout.tensors.map(({ name, offset }) => [name, offset]));
  const part = (buffer: GPUBuffer, name: string, numbers: number): GPUBufferBinding => {
    const offset = offsets.get(name);
    if (offset === undefined) throw new RangeError(`no tensor ${name} in the layout`);
    return { buffer, offset: 4 * offset, size: 4 * numbers };
  };
  const linear = (name: string, outputs: number, inputs: number): Linear => ({
    inputs,
    outputs,
    parts: [
      {
        weights: part(parameters, name, outputs * inputs),
        type: 'F32',
        scalesWord: 0,
        bufferRow: 0,
        rows: outputs,
        output: 0,
      },
    ],
    gradient: part(gradients, name, outputs * inputs),
  });
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary } = config;
  const gain = (name: string): Gain => ({
    weights: part(parameters, name, width),
    gradient: part(gradients, name, width),
  });
  const layers = Array.from({ length: config.layers }, (_, i): Layer => {
    const prefix = `blk.${i}.`;
    return {
      attentionNorm: gain(`${prefix}attn_norm.weight`),
      qkv: linear(`${prefix}attn_q.weight`, (heads + 2 * kvHeads) * headSize, width),
      output: linear(`${prefix}attn_output.weight`, width, heads * headSize),
      ffnNorm: gain(`${prefix}ffn_norm.weight`),
      gateUp: linear(`${prefix}ffn_gate.weight`, 2 * ffnWidth, width),
      down: linear(`${prefix}ffn_down.weight`, width, ffnWidth),
    };
  });
  const name = 'token_embd.weight';
  return {
    layers,
    head: { norm: gain('output_norm.weight'), logits: linear(name, vocabulary, width) },
    embedding: {
      weights: part(parameters, name, vocabulary * width),
      gradient: part(gradients, name, vocabulary * width),
    },
  };
}
