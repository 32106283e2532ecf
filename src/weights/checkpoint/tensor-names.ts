/** Modules of a layer and what GGUF calls them. */
const LAYER_PARTS: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};
const TOP_PARTS: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
};

/** What GGUF calls a module of a checkpoint, without `.weight`; undefined for one that it has not. */
export function ggufModule(module: string): string | undefined {
  const [, layer, part = ''] = /^model\.layers\.(\d{1,4})\.(.+)$/.exec(module) ?? [];
  if (layer === undefined) return Object.hasOwn(TOP_PARTS, module) ? TOP_PARTS[module] : undefined;
  return Object.hasOwn(LAYER_PARTS, part) ? `blk.${Number(layer)}.${LAYER_PARTS[part]}` : undefined;
}

/**
 * Which row of a checkpoint's q or k becomes row `row` where GGUF rotates neighbours and the checkpoint rotates halves of a
 * head.
 */
export function rotaryRow(headSize: number): (row: number) => number {
  return (row) => {
    const head = Math.floor(row / headSize);
    const d = row % headSize;
    return head * headSize + (d % 2) * (headSize / 2) + (d >> 1);
  };
}
