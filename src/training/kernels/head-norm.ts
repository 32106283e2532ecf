import { defineKernel } from '../../gpu/index.ts';
import headNorms from '../../../shaders/lib/head_norms.wgsl?raw';
import headNorm from '../../../shaders/train_head_norm.wgsl?raw';
import headNormGrad from '../../../shaders/train_head_norm_grad.wgsl?raw';

const shared = {
  params: { rows: 'u32', heads: 'u32', kv_heads: 'u32', head4: 'u32', gain_at: 'u32', epsilon: 'f32' },
  variants: {},
  aliases: {},
  overrides: {},
  libraries: [{ name: 'head_norms.wgsl', code: headNorms }],
} as const;

/** Norms queries' and keys' heads in place and keeps them raw. Dispatch over rows · (heads + kv heads) invocations. */
export const trainHeadNormKernel = defineKernel({
  ...shared,
  name: 'train_head_norm',
  bindings: ['read', 'read_write', 'read_write'],
  kernel: { name: 'train_head_norm.wgsl', code: headNorm },
});

/** The way back, in place. Dispatch over rows · (heads + kv heads) invocations. */
export const headNormGradKernel = defineKernel({
  ...shared,
  name: 'train_head_norm_grad',
  bindings: ['read', 'read', 'read_write'],
  kernel: { name: 'train_head_norm_grad.wgsl', code: headNormGrad },
});
