import { defineKernel } from '../../gpu/index.ts';
import headNormNone from '../../../shaders/lib/head_norm_none.wgsl?raw';
import headNormRms from '../../../shaders/lib/head_norm_rms.wgsl?raw';
import ropeHalves from '../../../shaders/lib/rope_halves.wgsl?raw';
import ropePairs from '../../../shaders/lib/rope_pairs.wgsl?raw';
import kernel from '../../../shaders/rope_cache.wgsl?raw';

/** Bias, head norm and rotary position of q and k; k and v into the paged cache. Dispatch (heads + 2 kv heads, rows, 1). */
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
