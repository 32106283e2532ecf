import { defineKernel } from '../../gpu/index.ts';
import kernel from '../../../shaders/read_bandwidth.wgsl?raw';

/** Invocations of a workgroup. */
export const READ_WG = 64;

/** Reads n vec4u once, `stride` invocations side by side, and sums their words: the memory's speed, for the roofline. */
export const readBandwidthKernel = defineKernel({
  name: 'read_bandwidth',
  params: { n: 'u32', stride: 'u32' },
  bindings: ['read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'read_bandwidth.wgsl', code: kernel },
});
