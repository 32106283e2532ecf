import { defineKernel } from '../../gpu/index.ts';
import ropeHalves from '../../../shaders/lib/rope_halves.wgsl?raw';
import ropePairs from '../../../shaders/lib/rope_pairs.wgsl?raw';
import rope from '../../../shaders/train_rope.wgsl?raw';

/** Turns heads in place by their positions, or back. Dispatch over rows · heads · rotary / 2 invocations. */
export const trainRopeKernel = defineKernel({
  name: 'train_rope',
  params: { rows: 'u32', heads: 'u32', head_size: 'u32', rotary: 'u32', stride: 'u32', sign: 'f32' },
  bindings: ['read', 'read', 'read_write'],
  variants: {
    rope: {
      pairs: { name: 'rope_pairs.wgsl', code: ropePairs },
      halves: { name: 'rope_halves.wgsl', code: ropeHalves },
    },
  },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_rope.wgsl', code: rope },
});
