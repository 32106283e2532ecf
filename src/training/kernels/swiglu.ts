import { defineKernel } from '../../gpu/index.ts';
import swiglu from '../../../shaders/train_swiglu.wgsl?raw';
import swigluGrad from '../../../shaders/train_swiglu_grad.wgsl?raw';

/** silu(gate) · up. Dispatch over rows · width4 invocations. */
export const trainSwigluKernel = defineKernel({
  name: 'train_swiglu',
  params: { rows: 'u32', width4: 'u32' },
  bindings: ['read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'train_swiglu.wgsl', code: swiglu },
});

/** Gradients of gate and up in their place, and the output once more. Dispatch over rows · width4 invocations. */
export const swigluGradKernel = defineKernel({
  name: 'train_swiglu_grad',
  params: { rows: 'u32', width4: 'u32' },
  bindings: ['read_write', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  kernel: { name: 'train_swiglu_grad.wgsl', code: swigluGrad },
});
