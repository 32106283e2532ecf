import { defineKernel } from '../../gpu/index.ts';
import sourceListed from '../../../shaders/lib/source_listed.wgsl?raw';
import sourceSame from '../../../shaders/lib/source_same.wgsl?raw';
import kernel from '../../../shaders/rms_norm.wgsl?raw';

/** RMS norm of each row; `source: listed` norms only the rows that a step's list names. Dispatch (rows, 1, 1). */
export const rmsNormKernel = defineKernel({
  name: 'rms_norm',
  params: { k: 'u32', epsilon: 'f32' },
  bindings: ['read', 'read', 'read', 'read_write'],
  variants: {
    source: {
      same: { name: 'source_same.wgsl', code: sourceSame },
      listed: { name: 'source_listed.wgsl', code: sourceListed },
    },
  },
  aliases: {},
  overrides: { COLS_IN: { default: 1, allowed: [1, 4] }, COLS: { default: 1, allowed: [1, 4] } },
  kernel: { name: 'rms_norm.wgsl', code: kernel },
});
