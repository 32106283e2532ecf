import { defineKernel } from '../../gpu/index.ts';
import crossEntropy from '../../../shaders/train_cross_entropy.wgsl?raw';
import { ROW_REDUCTIONS } from './row-reduction.ts';

/** Loss of each row, and the gradient of the logits in their place. Dispatch (⌈rows / rows per group⌉, 1, 1). */
export const crossEntropyKernel = defineKernel({
  name: 'train_cross_entropy',
  params: { rows: 'u32', vocabulary: 'u32', stride: 'u32', inverse_count: 'f32' },
  bindings: ['read', 'read_write', 'read_write'],
  variants: { row: ROW_REDUCTIONS },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_cross_entropy.wgsl', code: crossEntropy },
});
