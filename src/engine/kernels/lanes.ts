import type { KernelChoice } from '../../gpu/index.ts';
import serial from '../../../shaders/lib/lanes_serial.wgsl?raw';
import shared from '../../../shaders/lib/lanes_shared.wgsl?raw';

/** How the lanes of a row add up: one lane a row without barriers, or a workgroup a row. */
export const LANES_VARIANTS = {
  serial: { name: 'lanes_serial.wgsl', code: serial },
  shared: { name: 'lanes_shared.wgsl', code: shared },
} as const;

/** Rows of a workgroup where a row has one lane. */
export const SERIAL_ROWS = 4;

/** A lane a row in workgroups of `SERIAL_ROWS`, or all lanes on one row. */
export function areLanesMeant({ variants, overrides }: Required<KernelChoice>): boolean {
  const { WG = 0, LANES = 0 } = overrides;
  return variants['lanes'] === 'serial' ? LANES === 1 && WG === SERIAL_ROWS : LANES === WG && LANES > 1;
}
