import { defineKernel } from '../../gpu/index.ts';
import gumbel from '../../../shaders/lib/draw_gumbel.wgsl?raw';
import kernel from '../../../shaders/pick.wgsl?raw';
import { areLanesMeant, LANES_VARIANTS, SERIAL_ROWS } from './lanes.ts';

/** Lanes of a row where they share one. */
export const PICK_LANES = 256;

/** The next token of each row of logits by its slot's draw, and whether f32 decided it for certain. Dispatch (rows / (WG / LANES), 1, 1). */
export const pickKernel = defineKernel({
  name: 'pick',
  params: { n: 'u32' },
  bindings: ['read', 'read', 'read', 'read', 'read_write', 'read_write'],
  variants: { lanes: LANES_VARIANTS, draw: { gumbel: { name: 'draw_gumbel.wgsl', code: gumbel } } },
  aliases: {},
  overrides: {
    COLS: { default: 1, allowed: [1, 4] },
    WG: { default: PICK_LANES, allowed: [SERIAL_ROWS, PICK_LANES] },
    LANES: { default: PICK_LANES, allowed: [1, PICK_LANES] },
  },
  isMeant: areLanesMeant,
  kernel: { name: 'pick.wgsl', code: kernel },
});
