import rowSerial from '../../../shaders/lib/row_serial.wgsl?raw';
import rowShared from '../../../shaders/lib/row_shared.wgsl?raw';

/** How a row is reduced: by one invocation, or by 64 that meet in workgroup memory. Part of the numeric class. */
export type RowReduction = 'serial' | 'shared';

export const ROW_REDUCTIONS = {
  serial: { name: 'row_serial.wgsl', code: rowSerial },
  shared: { name: 'row_shared.wgsl', code: rowShared },
};

/** Rows that a workgroup takes. */
export const ROWS_PER_GROUP = { serial: 64, shared: 1 } as const satisfies Record<RowReduction, number>;
