import { defineKernel } from '../../gpu/index.ts';
import kernel from '../../../shaders/embed.wgsl?raw';
import { WEIGHT_FORMATS } from './weight-formats.ts';

/** Rows of the embedding table for the tokens of a step. Dispatch (⌈K / 256⌉, rows, 1), once for each part of the table. */
export const embedKernel = defineKernel({
  name: 'embed',
  params: { n: 'u32', k4: 'u32', row0: 'u32', half_base: 'u32' },
  bindings: ['read', 'read', 'read', 'read_write'],
  variants: { format: WEIGHT_FORMATS },
  aliases: {},
  overrides: { COLS: { default: 1, allowed: [1, 4] } },
  kernel: { name: 'embed.wgsl', code: kernel },
});
