import { defineKernel } from '../../gpu/index.ts';
import sourceListed from '../../../shaders/lib/source_listed.wgsl?raw';
import sourceSame from '../../../shaders/lib/source_same.wgsl?raw';
import kernel from '../../../shaders/rms_norm.wgsl?raw';
import { areLanesMeant, LANES_VARIANTS, SERIAL_ROWS } from './lanes.ts';

/** Lanes of a row where they share one. */
export const NORM_LANES = 64;

/** RMS norm of each row; `source: listed` norms only the rows that a step's list names. Dispatch (rows / (WG / LANES), 1, 1). */
export const rmsNormKernel = defineKernel({
  name: 'rms_norm',
  params: { k: 'u32', epsilon: 'f32' },
  bindings: ['read', 'read', 'read', 'read_write'],
  variants: {
    lanes: LANES_VARIANTS,
    source: {
      same: { name: 'source_same.wgsl', code: sourceSame },
      listed: { name: 'source_listed.wgsl', code: sourceListed },
    },
  },
  aliases: {},
  overrides: {
    COLS_IN: { default: 1, allowed: [1, 4] },
    COLS: { default: 1, allowed: [1, 4] },
    WG: { default: NORM_LANES, allowed: [SERIAL_ROWS, NORM_LANES] },
    LANES: { default: NORM_LANES, allowed: [1, NORM_LANES] },
  },
  isMeant: areLanesMeant,
  kernel: { name: 'rms_norm.wgsl', code: kernel },
});
