import { defineKernel } from '../../gpu/index.ts';
import kernel from '../../../shaders/argmax.wgsl?raw';

/** The likeliest token of each row of logits, the lowest id on a tie. Dispatch (1, rows, 1). */
export const argmaxKernel = defineKernel({
  name: 'argmax',
  params: { n: 'u32' },
  bindings: ['read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: { COLS: { default: 1, allowed: [1, 4] } },
  kernel: { name: 'argmax.wgsl', code: kernel },
});
