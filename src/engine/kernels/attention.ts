import { defineKernel } from '../../gpu/index.ts';
import kernel from '../../../shaders/attention.wgsl?raw';
import kvReadF16 from '../../../shaders/lib/kv_read_f16.wgsl?raw';
import kvReadF32 from '../../../shaders/lib/kv_read_f32.wgsl?raw';
import kvReadInt8 from '../../../shaders/lib/kv_read_int8.wgsl?raw';
import paged from '../../../shaders/lib/paged_attention.wgsl?raw';
import serialKernel from '../../../shaders/attention_serial.wgsl?raw';

/** Softmax attention of each row over its sequence's pages. Head size a multiple of 4, at most 256. Dispatch (heads, rows, 1). */
export const attentionKernel = defineKernel({
  name: 'attention',
  params: { heads: 'u32', kv_heads: 'u32', head4: 'u32', pages_per_slot: 'u32' },
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write'],
  variants: {
    kv: {
      f32: { name: 'kv_read_f32.wgsl', code: kvReadF32 },
      f16: { name: 'kv_read_f16.wgsl', code: kvReadF16 },
      int8: { name: 'kv_read_int8.wgsl', code: kvReadInt8 },
    },
  },
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
