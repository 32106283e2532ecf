import type { GpuReport } from '../../gpu/index.ts';
import { SHARED_LANES } from '../kernels/matmul.ts';

/**
 * How the lanes of a workgroup add up, chosen once for a device as it decides bits: `serial` gives a sum to one lane,
 * `shared` to several that meet in workgroup memory, `subgroup` to several that exchange registers.
 */
export interface Reduction {
  readonly kind: 'serial' | 'shared' | 'subgroup';
  /** Lanes that share the sums of a product. */
  readonly lanes: number;
}

const SERIAL: Reduction = { kind: 'serial', lanes: 1 };
const SHARED: Reduction = { kind: 'shared', lanes: SHARED_LANES };

/** Every reduction that a device can run, the one to take untuned first. */
export function reductionsOf({ isSoftware, subgroupMinSize }: GpuReport): Reduction[] {
  const plain = isSoftware ? [SERIAL, SHARED] : [SHARED, SERIAL];
  const lanes = Math.min(SHARED_LANES, subgroupMinSize ?? 1);
  return lanes >= 4 ? [...plain, { kind: 'subgroup', lanes }] : plain;
}

/** For numeric classes and keys. */
export function reductionLabel({ kind, lanes }: Reduction): string {
  return kind === 'subgroup' ? `${kind}${lanes}` : kind;
}
