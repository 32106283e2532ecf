import type { ModelConfig } from '../engine/index.ts';

/** A matrix of a layer that an adapter may change. */
export interface AdaptedTensor {
  /** In a GGUF, e.g. `blk.3.attn_q.weight`. */
  readonly gguf: string;
  /** In a PEFT directory, within the model, e.g. `model.layers.3.self_attn.q_proj`. */
  readonly module: string;
  /** Last part of `module`, as `target_modules` names it. */
  readonly target: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Heads whose rows llama.cpp's files keep in another order than Transformers; 0 where the orders are the same. */
  readonly turnedHeads: number;
}

/** Every such matrix, layer by layer, in the order of a forward pass. */
export function adaptedTensors(config: ModelConfig): readonly AdaptedTensor[] {
  const { width, ffnWidth, heads, kvHeads, headSize, ropeStyle, layers } = config;
  const turned = (count: number) => (ropeStyle === 'pairs' ? count : 0);
  const forms = [
    ['attn_q', 'self_attn.q_proj', width, heads * headSize, turned(heads)],
    ['attn_k', 'self_attn.k_proj', width, kvHeads * headSize, turned(kvHeads)],
    ['attn_v', 'self_attn.v_proj', width, kvHeads * headSize, 0],
    ['attn_output', 'self_attn.o_proj', heads * headSize, width, 0],
    ['ffn_gate', 'mlp.gate_proj', width, ffnWidth, 0],
    ['ffn_up', 'mlp.up_proj', width, ffnWidth, 0],
    ['ffn_down', 'mlp.down_proj', ffnWidth, width, 0],
  ] as const;
  return Array.from({ length: layers }, (_, layer) =>
    forms.map(([gguf, module, inputs, outputs, turnedHeads]) => ({
      gguf: `blk.${layer}.${gguf}.weight`,
      module: `model.layers.${layer}.${module}`,
      target: module.slice(module.indexOf('.') + 1),
      inputs,
      outputs,
      turnedHeads,
    })),
  ).flat();
}
