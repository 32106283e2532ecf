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
  /**
   * `f16` where products are made four at a time in half precision; sums are f32 all the same. `int8` where the inputs of
   * products over Q8_0 and Q4_0 are rounded to int8, so that sums of 32 are whole and exact; all else is f32.
   */
  readonly products?: 'f16' | 'int8';
}

/** What a person may allow for products. */
export type ProductType = 'f32' | 'int8';

const SERIAL: Reduction = { kind: 'serial', lanes: 1 };
const SHARED: Reduction = { kind: 'shared', lanes: SHARED_LANES };

/** Every reduction that a device can run, the one to take untuned first. */
export function reductionsOf({ isSoftware, subgroupMinSize, hasF16, hasPackedInt8 }: GpuReport): Reduction[] {
  const plain = isSoftware ? [SERIAL, SHARED] : [SHARED, SERIAL];
  const lanes = Math.min(SHARED_LANES, subgroupMinSize ?? 1);
  const all: Reduction[] = lanes >= 4 ? [...plain, { kind: 'subgroup', lanes }] : plain;
  const halved = all.filter(({ kind }) => kind !== 'serial').map((one) => ({ ...one, products: 'f16' as const }));
  const rounded = all.map((one) => ({ ...one, products: 'int8' as const }));
  return [...all, ...(hasF16 ? halved : []), ...(hasPackedInt8 ? rounded : [])];
}

/** For numeric classes and keys. */
export function reductionLabel({ kind, lanes, products }: Reduction): string {
  const added = kind === 'subgroup' ? `${kind}${lanes}` : kind;
  return products ? `${added}-${products}` : added;
}
