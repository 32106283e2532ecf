import { RANKS_PER_PAGE } from '../kernels/low-rank.ts';
import type { ModelConfig } from '../model/config.ts';

/** Products of one input, whose low-rank changes lie together. */
export interface AdapterGroup {
  /** Bit of the group in sets of groups. */
  readonly bit: number;
  readonly inputs: number;
  /** Base tensors without `blk.<layer>.` and `.weight`, in the order of their outputs. */
  readonly targets: readonly { readonly tensor: string; readonly outputs: number; readonly firstOutput: number }[];
  /** Of all targets together. */
  readonly outputs: number;
  /** 32-bit words of a page, two bfloat16 each: A (targets, inputs / 2, ranks of a page, 2), then B (ranks of a page / 2, outputs, 2). */
  readonly pageWords: number;
  /** Where B begins in it. */
  readonly bAt: number;
}

/** The four inputs of a layer, in the order of the step: for q, k and v; for the output; for gate and up; for down. */
export function adapterGroups(config: ModelConfig): readonly AdapterGroup[] {
  const { width, ffnWidth, heads, kvHeads, headSize } = config;
  const [attended, kept] = [heads * headSize, kvHeads * headSize];
  return [
    group(0, width, { attn_q: attended, attn_k: kept, attn_v: kept }),
    group(1, attended, { attn_output: width }),
    group(2, width, { ffn_gate: ffnWidth, ffn_up: ffnWidth }),
    group(3, ffnWidth, { ffn_down: width }),
  ];
}

function group(index: number, inputs: number, sizes: Readonly<Record<string, number>>): AdapterGroup {
  let outputs = 0;
  const targets = Object.entries(sizes).map(([tensor, count]) => {
    const firstOutput = outputs;
    outputs += count;
    return { tensor, outputs: count, firstOutput };
  });
  const bAt = (targets.length * RANKS_PER_PAGE * inputs) / 2;
  return { bit: 1 << index, inputs, targets, outputs, bAt, pageWords: bAt + (outputs * RANKS_PER_PAGE) / 2 };
}
