import { defineKernel, type Kernel, type KernelChoice } from '../../gpu/index.ts';
import attentionTile from '../../../shaders/lib/attention_tile.wgsl?raw';
import segmentAttention from '../../../shaders/lib/segment_attention.wgsl?raw';
import attention from '../../../shaders/train_attention.wgsl?raw';
import keyValueGrad from '../../../shaders/train_attention_key_value_grad.wgsl?raw';
import keyValueGradTile from '../../../shaders/train_attention_key_value_grad_tile.wgsl?raw';
import queryGrad from '../../../shaders/train_attention_query_grad.wgsl?raw';
import queryGradTile from '../../../shaders/train_attention_query_grad_tile.wgsl?raw';
import tile from '../../../shaders/train_attention_tile.wgsl?raw';
import type { ProductDevice } from './choose-products.ts';

/** Head sizes / 4 that the tests compile; any other works as well. */
const TESTED_HEADS4 = [1, 2, 8, 16, 32];

const vectorOf = (head4: number) => `array<vec4f, ${head4}>`;
const tileOf = (head4: number) => `array<mat4x4f, ${head4}>`;

const params = { rows: 'u32', heads: 'u32', kv_heads: 'u32', sigma: 'f32' } as const;
const segments = { name: 'segment_attention.wgsl', code: segmentAttention };

/** A variant for each head size: loops of constant length over a head's vectors. */
const byRows = {
  params,
  variants: {},
  aliases: { head_vector: TESTED_HEADS4.map(vectorOf) },
  overrides: { HEAD4: { default: 8, allowed: TESTED_HEADS4 } },
  libraries: [segments],
  isMeant: ({ aliases, overrides }: Required<KernelChoice>) =>
    aliases['head_vector'] === vectorOf(overrides['HEAD4'] ?? 0),
} as const;

const byTiles = {
  params,
  variants: {},
  aliases: { head_tile: TESTED_HEADS4.map(tileOf) },
  overrides: { HEAD4: { default: 8, allowed: TESTED_HEADS4 } },
  libraries: [segments, { name: 'attention_tile.wgsl', code: attentionTile }],
  isMeant: ({ aliases, overrides }: Required<KernelChoice>) => aliases['head_tile'] === tileOf(overrides['HEAD4'] ?? 0),
} as const;

const forwardBindings = ['read', 'read', 'read_write', 'read_write'] as const;
const queryGradBindings = ['read', 'read', 'read', 'read', 'read', 'read_write', 'read_write'] as const;
const keyValueGradBindings = ['read', 'read', 'read', 'read', 'read', 'read_write'] as const;

/** Attention over packed segments, with each row's log of the sum. */
const trainAttentionKernel = defineKernel({
  ...byRows,
  name: 'train_attention',
  bindings: forwardBindings,
  kernel: { name: 'train_attention.wgsl', code: attention },
});

/** Gradient of the queries, and delta. */
const attentionQueryGradKernel = defineKernel({
  ...byRows,
  name: 'train_attention_query_grad',
  bindings: queryGradBindings,
  kernel: { name: 'train_attention_query_grad.wgsl', code: queryGrad },
});

/** Gradients of keys and values, after those of the queries. */
const attentionKeyValueGradKernel = defineKernel({
  ...byRows,
  name: 'train_attention_key_value_grad',
  bindings: keyValueGradBindings,
  kernel: { name: 'train_attention_key_value_grad.wgsl', code: keyValueGrad },
});

const trainAttentionTileKernel = defineKernel({
  ...byTiles,
  name: 'train_attention_tile',
  bindings: forwardBindings,
  kernel: { name: 'train_attention_tile.wgsl', code: tile },
});

const attentionQueryGradTileKernel = defineKernel({
  ...byTiles,
  name: 'train_attention_query_grad_tile',
  bindings: queryGradBindings,
  kernel: { name: 'train_attention_query_grad_tile.wgsl', code: queryGradTile },
});

const attentionKeyValueGradTileKernel = defineKernel({
  ...byTiles,
  name: 'train_attention_key_value_grad_tile',
  bindings: keyValueGradBindings,
  kernel: { name: 'train_attention_key_value_grad_tile.wgsl', code: keyValueGradTile },
});

export const ATTENTION_KERNELS: readonly Kernel[] = [
  trainAttentionKernel,
  attentionQueryGradKernel,
  attentionKeyValueGradKernel,
  trainAttentionTileKernel,
  attentionQueryGradTileKernel,
  attentionKeyValueGradTileKernel,
];

/** The three kernels of attention and their variant; each is dispatched over `gridOf(rows * heads)`, kv heads for the last. */
export interface AttentionPlan {
  readonly forward: Kernel<typeof params>;
  readonly queryGrad: Kernel<typeof params>;
  readonly keyValueGrad: Kernel<typeof params>;
  readonly choice: KernelChoice;
}

/** A row to an invocation, or tiles of 4 rows by 4 keys, which want rows in fours. Part of the numeric class. */
export type AttentionKind = 'rows' | 'tiles';

/** Lanes from which on software gains nothing. */
const WIDE = 8;

/**
 * The faster kind for a device. Tiles load a third as often and take a quarter of the time on SwiftShader, whose subgroups
 * have 4 lanes; lavapipe, with 8, is as fast either way and compiles tiles for half a minute.
 */
export function attentionKindFor({ subgroupSize = WIDE, isSoftware }: ProductDevice): AttentionKind {
  return isSoftware && subgroupSize < WIDE ? 'tiles' : 'rows';
}

export function attentionFor(kind: AttentionKind, headSize: number): AttentionPlan {
  const head4 = headSize / 4;
  const overrides = { HEAD4: head4 };
  if (kind === 'tiles')
    return {
      forward: trainAttentionTileKernel,
      queryGrad: attentionQueryGradTileKernel,
      keyValueGrad: attentionKeyValueGradTileKernel,
      choice: { aliases: { head_tile: tileOf(head4) }, overrides },
    };
  return {
    forward: trainAttentionKernel,
    queryGrad: attentionQueryGradKernel,
    keyValueGrad: attentionKeyValueGradKernel,
    choice: { aliases: { head_vector: vectorOf(head4) }, overrides },
  };
}
