import { defineKernel } from '../../gpu/index.ts';
import embeddingGrad from '../../../shaders/train_embedding_grad.wgsl?raw';

/** Adds each token's rows to its row of the table's gradient. Dispatch over groups · k4 invocations. */
export const embeddingGradKernel = defineKernel({
  name: 'train_embedding_grad',
  params: { groups: 'u32', k4: 'u32' },
  bindings: ['read', 'read', 'read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'train_embedding_grad.wgsl', code: embeddingGrad },
});
