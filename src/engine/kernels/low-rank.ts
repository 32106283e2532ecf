import { defineKernel } from '../../gpu/index.ts';
import deltaTall from '../../../shaders/lib/low_rank_delta_tall.wgsl?raw';
import delta from '../../../shaders/lib/low_rank_delta.wgsl?raw';
import lanesSerial from '../../../shaders/lib/low_rank_lanes_serial.wgsl?raw';
import lanesShared from '../../../shaders/lib/low_rank_lanes_shared.wgsl?raw';
import page from '../../../shaders/lib/low_rank_page.wgsl?raw';
import expandTall from '../../../shaders/low_rank_expand_tall.wgsl?raw';
import shrinkTall from '../../../shaders/low_rank_shrink_tall.wgsl?raw';
import swigluTall from '../../../shaders/low_rank_swiglu_tall.wgsl?raw';
import expand from '../../../shaders/low_rank_expand.wgsl?raw';
import shrink from '../../../shaders/low_rank_shrink.wgsl?raw';
import swiglu from '../../../shaders/low_rank_swiglu.wgsl?raw';

/** Ranks of a page; the shaders say 8 too. */
export const RANKS_PER_PAGE = 8;
/** Pages that an adapter may have for one layer and input. */
export const MAX_RANK_PAGES = 8;
/** Stands for no page. */
export const NO_PAGE = 0xffff_ffff;
/** Lanes that share a rank where `lanes` is `shared`. */
export const SHRINK_LANES = 8;
/** Rows of a workgroup of `lowRankShrinkTallKernel`. */
export const SHRINK_TALL_ROWS = 16;

const PAGE = { name: 'low_rank_page.wgsl', code: page };
const DELTA = { name: 'low_rank_delta.wgsl', code: delta };
const DELTA_TALL = { name: 'low_rank_delta_tall.wgsl', code: deltaTall };
const COLS = { default: 1, allowed: [1, 4] };

/** t = A x of each row by its own adapter, all targets of one input at once. Dispatch (⌈targets · 16 · LANES / 64⌉, rows, 1). */
export const lowRankShrinkKernel = defineKernel({
  name: 'low_rank_shrink',
  params: { pairs: 'u32', targets: 'u32', table_stride: 'u32', table_at: 'u32', page4: 'u32' },
  bindings: ['read', 'read', 'read', 'read', 'read_write'],
  variants: {
    lanes: {
      serial: { name: 'low_rank_lanes_serial.wgsl', code: lanesSerial },
      shared: { name: 'low_rank_lanes_shared.wgsl', code: lanesShared },
    },
  },
  aliases: {},
  overrides: { COLS, LANES: { default: 1, allowed: [1, SHRINK_LANES] } },
  // One lane takes several rows at once (`lowRankShrinkTallKernel`) wherever there are several.
  isMeant: ({ variants, overrides: { LANES, COLS: columns } }) =>
    variants['lanes'] === 'serial' ? LANES === 1 && columns === 1 : LANES === SHRINK_LANES,
  libraries: [PAGE],
  kernel: { name: 'low_rank_shrink.wgsl', code: shrink },
});

const EXPAND_PARAMS = {
  n: 'u32',
  first: 'u32',
  n1: 'u32',
  n2: 'u32',
  targets: 'u32',
  y_stride: 'u32',
  table_stride: 'u32',
  table_at: 'u32',
  page4: 'u32',
  b4: 'u32',
  out4: 'u32',
} as const;

/** y += B t of each row by its own adapter. Dispatch (⌈N / 256⌉, rows, 1). */
export const lowRankExpandKernel = defineKernel({
  name: 'low_rank_expand',
  params: EXPAND_PARAMS,
  bindings: ['read', 'read', 'read', 'read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: { COLS },
  libraries: [PAGE, DELTA],
  kernel: { name: 'low_rank_expand.wgsl', code: expand },
});

/** y = silu(gate) · up of stored gates and ups, each changed by its row's adapter. Dispatch (⌈N / 256⌉, rows, 1). */
export const lowRankSwigluKernel = defineKernel({
  name: 'low_rank_swiglu',
  params: EXPAND_PARAMS,
  bindings: ['read', 'read', 'read', 'read', 'read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: { COLS },
  libraries: [PAGE, DELTA],
  kernel: { name: 'low_rank_swiglu.wgsl', code: swiglu },
});

const TALL = { variants: {}, aliases: {}, overrides: {} } as const;

/** The shrink with four rows a lane, for 4 columns. Dispatch (targets, ⌈rows / 16⌉, 1). */
export const lowRankShrinkTallKernel = defineKernel({
  ...TALL,
  name: 'low_rank_shrink_tall',
  params: lowRankShrinkKernel.params,
  bindings: lowRankShrinkKernel.bindings,
  libraries: [PAGE],
  kernel: { name: 'low_rank_shrink_tall.wgsl', code: shrinkTall },
});

/** The expansion with four rows a lane, for 4 columns. Dispatch (⌈N / 256⌉, ⌈rows / 4⌉, 1). */
export const lowRankExpandTallKernel = defineKernel({
  ...TALL,
  name: 'low_rank_expand_tall',
  params: EXPAND_PARAMS,
  bindings: lowRankExpandKernel.bindings,
  libraries: [PAGE, DELTA, DELTA_TALL],
  kernel: { name: 'low_rank_expand_tall.wgsl', code: expandTall },
});

/** `lowRankSwigluKernel` with four rows a lane, for 4 columns. Dispatch (⌈N / 256⌉, ⌈rows / 4⌉, 1). */
export const lowRankSwigluTallKernel = defineKernel({
  ...TALL,
  name: 'low_rank_swiglu_tall',
  params: EXPAND_PARAMS,
  bindings: lowRankSwigluKernel.bindings,
  libraries: [PAGE, DELTA, DELTA_TALL],
  kernel: { name: 'low_rank_swiglu_tall.wgsl', code: swigluTall },
});
