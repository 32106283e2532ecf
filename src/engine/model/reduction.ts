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
  /** `f16` where products are made four at a time in half precision; sums are f32 all the same. */
  readonly products?: 'f16';
}

const SERIAL: Reduction = { kind: 'serial', lanes: 1 };
const SHARED: Reduction = { kind: 'shared', lanes: SHARED_LANES };

/** Every reduction that a device can run, the one to take untuned first. */
export function reductionsOf({ isSoftware, subgroupMinSize, hasF16 }: GpuReport): Reduction[] {
  const plain = isSoftware ? [SERIAL, SHARED] : [SHARED, SERIAL];
  const lanes = Math.min(SHARED_LANES, subgroupMinSize ?? 1);
  const all: Reduction[] = lanes >= 4 ? [...plain, { kind: 'subgroup', lanes }] : plain;
  const halved = all.filter(({ kind }) => kind !== 'serial').map((one) => ({ ...one, products: 'f16' as const }));
  return hasF16 ? [...all, ...halved] : all;
}

/** For numeric classes and keys. */
export function reductionLabel({ kind, lanes, products }: Reduction): string {
  const added = kind === 'subgroup' ? `${kind}${lanes}` : kind;
  return products ? `${added}-${products}` : added;
}
