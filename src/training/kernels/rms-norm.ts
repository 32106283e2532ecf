import { defineKernel } from '../../gpu/index.ts';
import sourceListed from '../../../shaders/lib/source_listed.wgsl?raw';
import sourceSame from '../../../shaders/lib/source_same.wgsl?raw';
import gainGrad from '../../../shaders/train_gain_grad.wgsl?raw';
import rmsNorm from '../../../shaders/train_rms_norm.wgsl?raw';
import rmsNormGrad from '../../../shaders/train_rms_norm_grad.wgsl?raw';
import { ROW_REDUCTIONS } from './row-reduction.ts';

const SOURCES = {
  same: { name: 'source_same.wgsl', code: sourceSame },
  listed: { name: 'source_listed.wgsl', code: sourceListed },
};

/** Norms rows and keeps each row's factor. Dispatch (⌈rows / rows per group⌉, 1, 1). */
export const trainRmsNormKernel = defineKernel({
  name: 'train_rms_norm',
  params: { rows: 'u32', x_rows: 'u32', k4: 'u32', epsilon: 'f32' },
  bindings: ['read', 'read', 'read', 'read_write', 'read_write'],
  variants: { row: ROW_REDUCTIONS, source: SOURCES },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_rms_norm.wgsl', code: rmsNorm },
});

/** Adds the gradient of a norm's input to dx. Dispatch (⌈rows / rows per group⌉, 1, 1). */
export const rmsNormGradKernel = defineKernel({
  name: 'train_rms_norm_grad',
  params: { rows: 'u32', x_rows: 'u32', k4: 'u32' },
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write'],
  variants: { row: ROW_REDUCTIONS, source: SOURCES },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_rms_norm_grad.wgsl', code: rmsNormGrad },
});

/** Adds the gradient of a norm's gain. Dispatch (⌈k4 / 64⌉, 1, 1). */
export const gainGradKernel = defineKernel({
  name: 'train_gain_grad',
  params: { rows: 'u32', x_rows: 'u32', k4: 'u32' },
  bindings: ['read', 'read', 'read', 'read', 'read_write'],
  variants: { source: SOURCES },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_gain_grad.wgsl', code: gainGrad },
});
