import type { Kernel, KernelChoice, ParamsLayout } from '../../gpu/index.ts';
import {
  hasSubgroupKernels,
  inputGradSubgroupKernel,
  inputGradTallKernel,
  linearInputGradKernel,
  linearKernel,
  linearSubgroupKernel,
  linearWeightGradKernel,
  weightGradSubgroupKernel,
} from './linear.ts';
import type { WeightFormat } from './nf4.ts';

/** Which kernel makes a product, in which variant, and how many workgroups it takes. */
export interface ProductPlan<Layout extends ParamsLayout> {
  readonly kernel: Kernel<Layout>;
  readonly choice: KernelChoice;
  /** Workgroups of 64 invocations for an output of (rows, columns). */
  groups(rows: number, columns: number): number;
}

/** The kernels of the three products on one device, for weights of each format. */
export interface Products {
  linear(format: WeightFormat): ProductPlan<typeof linearKernel.params>;
  inputGrad(format: WeightFormat): ProductPlan<typeof linearInputGradKernel.params>;
  readonly weightGrad: ProductPlan<typeof linearWeightGradKernel.params>;
}

/** Tiles of 8 × 8 in the registers of an invocation, on any device; or subgroups that share what they load. */
export type ProductKind = 'tiles' | 'subgroups';

/** What of a device decides. */
export interface ProductDevice {
  /** Lanes of its subgroups; undefined where they vary or there are none. */
  readonly subgroupSize?: number | undefined;
  readonly isSoftware: boolean;
}

/** Lanes from which on subgroups pay for everything. */
const LEAST_SUBGROUP = 8;
/** Rows, outputs or weights that a subgroup's tile has beside its lanes. */
const SUBGROUP_TILE = 32;
const PLAIN_FORMATS: ReadonlySet<WeightFormat> = new Set(['F32', 'F16', 'BF16']);

/**
 * The faster kernels for a device; all make the same bits. Subgroups of 4 share so little that handing it around costs
 * more than loading it; but they decode a weight for 32 rows instead of 8, which pays for quantised ones on the way
 * forward. On the way back the tall tiles decode one for 16 and look up a block's scales once for more of its weights. On
 * SwiftShader, tiles being 1: Q8_0 1.11 forward and 1.20 backward, Q4_0 1.04 and 1.09, Q4_K 1.14 and 1.70, Q5_K 1.18 and
 * 1.66, Q6_K 1.07 and 1.48.
 *
 * @param kind the same for all formats, for tests
 */
export function productsFor({ subgroupSize = 0, isSoftware }: ProductDevice, kind?: ProductKind): Products {
  const tiles = tileProducts();
  if (!hasSubgroupKernels(subgroupSize) || kind === 'tiles') return tiles;
  const bySubgroups = subgroupProducts(subgroupSize);
  if (subgroupSize >= LEAST_SUBGROUP || kind === 'subgroups') return bySubgroups;
  if (!isSoftware) return tiles;
  return {
    ...tiles,
    linear: (format) => (PLAIN_FORMATS.has(format) ? tiles : bySubgroups).linear(format),
    inputGrad: (format) => tallInputGrad(format) ?? tiles.inputGrad(format),
  };
}

function tileProducts(): Products {
  const groups = (rows: number, columns: number) => Math.ceil((Math.ceil(rows / 8) * Math.ceil(columns / 8)) / 64);
  return {
    linear: (format) => ({ kernel: linearKernel, choice: { variants: { format } }, groups }),
    inputGrad: (format) => ({ kernel: linearInputGradKernel, choice: { variants: { format } }, groups }),
    weightGrad: { kernel: linearWeightGradKernel, choice: {}, groups },
  };
}

/** For blocks of 32 weights or more only, whose rows are whole tiles. */
function tallInputGrad(format: WeightFormat): ProductPlan<typeof linearInputGradKernel.params> | undefined {
  if (!(format in (inputGradTallKernel.variants['format'] ?? {}))) return undefined;
  const groups = (rows: number, columns: number) => Math.ceil((Math.ceil(rows / 16) * Math.ceil(columns / 16)) / 64);
  return { kernel: inputGradTallKernel, choice: { variants: { format } }, groups };
}

/** By subgroups of 4, 8, 16, 32 or 64 lanes. */
function subgroupProducts(subgroupSize: number): Products {
  const subgroup = String(subgroupSize);
  // A lane makes 4 columns of each of the 32 rows.
  const groups = (rows: number, columns: number) =>
    Math.ceil((Math.ceil(rows / SUBGROUP_TILE) * Math.ceil(columns / (4 * subgroupSize)) * subgroupSize) / 64);
  return {
    linear: (format) => ({ kernel: linearSubgroupKernel, choice: { variants: { subgroup, format } }, groups }),
    inputGrad: (format) => ({ kernel: inputGradSubgroupKernel, choice: { variants: { subgroup, format } }, groups }),
    weightGrad: { kernel: weightGradSubgroupKernel, choice: { variants: { subgroup } }, groups },
  };
}
