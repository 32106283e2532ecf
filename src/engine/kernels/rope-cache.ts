import { defineKernel } from '../../gpu/index.ts';
import headNormNone from '../../../shaders/lib/head_norm_none.wgsl?raw';
import headNormRms from '../../../shaders/lib/head_norm_rms.wgsl?raw';
import kvWriteF16 from '../../../shaders/lib/kv_write_f16.wgsl?raw';
import kvWriteF32 from '../../../shaders/lib/kv_write_f32.wgsl?raw';
import kvWriteInt8 from '../../../shaders/lib/kv_write_int8.wgsl?raw';
import ropeHalves from '../../../shaders/lib/rope_halves.wgsl?raw';
import ropePairs from '../../../shaders/lib/rope_pairs.wgsl?raw';
import kernel from '../../../shaders/rope_cache.wgsl?raw';

/** Bias, head norm and rotary position of q and k; k and v into the paged cache. Head size at most 256. Dispatch (heads + 2 kv heads, rows, 1). */
export const ropeCacheKernel = defineKernel({
  name: 'rope_cache',
  params: {
    heads: 'u32',
    kv_heads: 'u32',
    head_size: 'u32',
    rotary: 'u32',
    pages_per_slot: 'u32',
    epsilon: 'f32',
    q_scale: 'f32',
  },
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write', 'read_write', 'read_write'],
  variants: {
    kv: {
      f32: { name: 'kv_write_f32.wgsl', code: kvWriteF32 },
      f16: { name: 'kv_write_f16.wgsl', code: kvWriteF16 },
      int8: { name: 'kv_write_int8.wgsl', code: kvWriteInt8 },
    },
    rope: {
      pairs: { name: 'rope_pairs.wgsl', code: ropePairs },
      halves: { name: 'rope_halves.wgsl', code: ropeHalves },
    },
    head_norm: {
      none: { name: 'head_norm_none.wgsl', code: headNormNone },
      rms: { name: 'head_norm_rms.wgsl', code: headNormRms },
    },
  },
  aliases: {},
  overrides: { COLS: { default: 1, allowed: [1, 4] } },
  kernel: { name: 'rope_cache.wgsl', code: kernel },
});
