import { WEIGHT_FORMATS } from '../../engine/index.ts';
import { defineKernel } from '../../gpu/index.ts';
import embed from '../../../shaders/train_embed.wgsl?raw';
import embeddingGrad from '../../../shaders/train_embedding_grad.wgsl?raw';

/** Rows of the table for the tokens of a batch, once for each part of it. Dispatch over rows · k4 invocations. */
export const trainEmbedKernel = defineKernel({
  name: 'train_embed',
  params: { rows: 'u32', n: 'u32', k4: 'u32', row0: 'u32', half_base: 'u32' },
  bindings: ['read', 'read', 'read_write'],
  variants: { format: WEIGHT_FORMATS },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_embed.wgsl', code: embed },
});

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
