import { MAX_RANK_PAGES } from '../kernels/low-rank.ts';
import type { AdapterGroup } from './adapter-layout.ts';

/** Words of a slot's table for one layer: a list of pages for each group. */
export const TABLE_WORDS_PER_LAYER = 4 * MAX_RANK_PAGES;
/** A group whose pages have a pool. */
export interface PooledGroup {
  readonly group: AdapterGroup;
  readonly pool: GPUBuffer;
}

/** What steps with adapters need beside the model's own state. */
export interface AdapterBuffers {
  readonly groups: readonly PooledGroup[];
  /** (slots, layers, groups, pages) of page numbers, ended by `NO_PAGE`. */
  readonly table: GPUBuffer;
  /** (rows, targets, ranks) */
  readonly shrunk: GPUBuffer;
  /** (groups of columns, 2 · ffn): gates and ups before they are changed. */
  readonly gateUp: GPUBuffer;
}
