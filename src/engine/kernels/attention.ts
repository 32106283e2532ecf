import { defineKernel } from '../../gpu/index.ts';
import kernel from '../../../shaders/attention.wgsl?raw';
import paged from '../../../shaders/lib/paged_attention.wgsl?raw';
import serialKernel from '../../../shaders/attention_serial.wgsl?raw';

/** Softmax attention of each row over its sequence's pages. Head size a multiple of 4, at most 256. Dispatch (heads, rows, 1). */
export const attentionKernel = defineKernel({
  name: 'attention',
  params: { heads: 'u32', kv_heads: 'u32', head4: 'u32', pages_per_slot: 'u32' },
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: { COLS: { default: 1, allowed: [1, 4] } },
  libraries: [{ name: 'paged_attention.wgsl', code: paged }],
  kernel: { name: 'attention.wgsl', code: kernel },
});

/** Lanes of a workgroup, and dimensions that a lane makes. */
export const ATTENTION_SERIAL_WG = 4;
export const ATTENTION_SERIAL_DIMENSIONS = 32;

/** The same without barriers, a lane for up to 32 dimensions of a head. Dispatch (⌈heads · ⌈D / 32⌉ / WG⌉, rows, 1). */
export const attentionSerialKernel = defineKernel({
  ...attentionKernel,
  name: 'attention_serial',
  kernel: { name: 'attention_serial.wgsl', code: serialKernel },
});
