import { defineKernel } from '../../gpu/index.ts';
import crossEntropy from '../../../shaders/train_cross_entropy.wgsl?raw';
import crossEntropyGrad from '../../../shaders/train_cross_entropy_grad.wgsl?raw';
import { ROW_REDUCTIONS } from './row-reduction.ts';

const params = { rows: 'u32', first: 'u32', count: 'u32', stride: 'u32' } as const;

/** Running sums of a chunk of the vocabulary, and the loss. Dispatch (⌈rows / rows per group⌉, 1, 1). */
export const crossEntropyKernel = defineKernel({
  name: 'train_cross_entropy',
  params,
  bindings: ['read', 'read', 'read_write', 'read_write'],
  variants: { row: ROW_REDUCTIONS },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_cross_entropy.wgsl', code: crossEntropy },
});

/** Gradient of a chunk's logits in their place. Dispatch over rows · stride invocations. */
export const crossEntropyGradKernel = defineKernel({
  name: 'train_cross_entropy_grad',
  params,
  bindings: ['read', 'read', 'read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'train_cross_entropy_grad.wgsl', code: crossEntropyGrad },
});
