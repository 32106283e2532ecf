import { defineKernel, type KernelChoice } from '../../gpu/index.ts';
import attention from '../../../shaders/train_attention.wgsl?raw';
import segmentAttention from '../../../shaders/lib/segment_attention.wgsl?raw';
import keyValueGrad from '../../../shaders/train_attention_key_value_grad.wgsl?raw';
import queryGrad from '../../../shaders/train_attention_query_grad.wgsl?raw';

/** Head sizes / 4 that the tests compile; any other works as well. */
const TESTED_HEADS4 = [1, 2, 8, 16, 32];

const vectorOf = (head4: number) => `array<vec4f, ${head4}>`;

/** The variant for a head size: loops of constant length over a head's vectors, which stay in registers. */
export function headChoice(headSize: number): KernelChoice {
  return { aliases: { head_vector: vectorOf(headSize / 4) }, overrides: { HEAD4: headSize / 4 } };
}

const shared = {
  params: { rows: 'u32', heads: 'u32', kv_heads: 'u32', sigma: 'f32' },
  variants: {},
  aliases: { head_vector: TESTED_HEADS4.map(vectorOf) },
  overrides: { HEAD4: { default: 8, allowed: TESTED_HEADS4 } },
  libraries: [{ name: 'segment_attention.wgsl', code: segmentAttention }],
  isMeant: ({ aliases, overrides }: Required<KernelChoice>) =>
    aliases['head_vector'] === vectorOf(overrides['HEAD4'] ?? 0),
} as const;

/** Attention over packed segments, with each row's log of the sum. Dispatch over rows · heads invocations. */
export const trainAttentionKernel = defineKernel({
  ...shared,
  name: 'train_attention',
  bindings: ['read', 'read', 'read_write', 'read_write'],
  kernel: { name: 'train_attention.wgsl', code: attention },
});

/** Gradient of the queries, and delta. Dispatch over rows · heads invocations. */
export const attentionQueryGradKernel = defineKernel({
  ...shared,
  name: 'train_attention_query_grad',
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write', 'read_write'],
  kernel: { name: 'train_attention_query_grad.wgsl', code: queryGrad },
});

/** Gradients of keys and values, after those of the queries. Dispatch over rows · kv heads invocations. */
export const attentionKeyValueGradKernel = defineKernel({
  ...shared,
  name: 'train_attention_key_value_grad',
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write'],
  kernel: { name: 'train_attention_key_value_grad.wgsl', code: keyValueGrad },
});
