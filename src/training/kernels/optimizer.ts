import { defineKernel } from '../../gpu/index.ts';
import adamw from '../../../shaders/train_adamw.wgsl?raw';
import adamw8bit from '../../../shaders/train_adamw_8bit.wgsl?raw';
import clip from '../../../shaders/train_clip.wgsl?raw';
import squareSum from '../../../shaders/train_square_sum.wgsl?raw';
import { ROW_REDUCTIONS } from './row-reduction.ts';

/** Partial sums that `squareSumKernel` leaves. */
export const PARTIAL_SUMS = 4096;

/** First stage of the gradients' norm. Dispatch (64, 1, 1). */
export const squareSumKernel = defineKernel({
  name: 'train_square_sum',
  params: { count4: 'u32' },
  bindings: ['read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'train_square_sum.wgsl', code: squareSum },
});

/** The norm and the factor that clips it. Dispatch (1, 1, 1). */
export const clipKernel = defineKernel({
  name: 'train_clip',
  params: { count: 'u32', limit: 'f32' },
  bindings: ['read', 'read_write'],
  variants: { row: { shared: ROW_REDUCTIONS.shared } },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_clip.wgsl', code: clip },
});

/** One step of AdamW. Dispatch over count4 invocations. */
export const adamwKernel = defineKernel({
  name: 'train_adamw',
  params: {
    count4: 'u32',
    decayed4: 'u32',
    rate: 'f32',
    decay: 'f32',
    beta1: 'f32',
    rest1: 'f32',
    beta2: 'f32',
    rest2: 'f32',
    epsilon: 'f32',
    c1: 'f32',
    c2: 'f32',
  },
  bindings: ['read', 'read', 'read_write', 'read_write', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'train_adamw.wgsl', code: adamw },
});

/** Numbers that share the scales of their moments in 8 bits. */
export const MOMENT_BLOCK = 256;

/** One step of AdamW with moments of 8 bits. Dispatch over count4 invocations, whole blocks. */
export const adamw8bitKernel = defineKernel({
  ...adamwKernel,
  name: 'train_adamw_8bit',
  bindings: ['read', 'read', 'read', 'read_write', 'read_write', 'read_write', 'read_write'],
  variants: { row: { shared: ROW_REDUCTIONS.shared } },
  kernel: { name: 'train_adamw_8bit.wgsl', code: adamw8bit },
});
