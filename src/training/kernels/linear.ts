import { defineKernel, type Kernel, type KernelChoice, type ParamsLayout } from '../../gpu/index.ts';
import productInputGrad from '../../../shaders/lib/product_input_grad.wgsl?raw';
import productLinear from '../../../shaders/lib/product_linear.wgsl?raw';
import productWeightGrad from '../../../shaders/lib/product_weight_grad.wgsl?raw';
import linear from '../../../shaders/train_linear.wgsl?raw';
import inputGrad from '../../../shaders/train_linear_input_grad.wgsl?raw';
import inputGradSubgroup from '../../../shaders/train_linear_input_grad_subgroup.wgsl?raw';
import linearSubgroup from '../../../shaders/train_linear_subgroup.wgsl?raw';
import weightGrad from '../../../shaders/train_linear_weight_grad.wgsl?raw';
import weightGradSubgroup from '../../../shaders/train_linear_weight_grad_subgroup.wgsl?raw';
import { FROZEN_FORMATS } from './nf4.ts';

/** What a product is added to: nothing, the output itself, a residual of the output's shape, or a bias. */
export const BASE = { nothing: 0, output: 1, residual: 2, bias: 3 } as const;

/** y = base + scale · x Wᵀ. Dispatch over ⌈rows / 8⌉ · ⌈n / 8⌉ invocations. */
export const linearKernel = defineKernel({
  name: 'train_linear',
  params: {
    rows: 'u32',
    n: 'u32',
    k4: 'u32',
    half_base: 'u32',
    w_row0: 'u32',
    x_stride4: 'u32',
    x_col4: 'u32',
    y_stride: 'u32',
    y_col0: 'u32',
    mode: 'u32',
    scale: 'f32',
  },
  bindings: ['read', 'read', 'read', 'read_write'],
  variants: { format: FROZEN_FORMATS },
  aliases: {},
  overrides: {},
  libraries: [{ name: 'product_linear.wgsl', code: productLinear }],
  kernel: { name: 'train_linear.wgsl', code: linear },
});

/** dx = (dx) + scale · dy W. Dispatch over ⌈rows / 8⌉ · ⌈k4 / 2⌉ invocations. */
export const linearInputGradKernel = defineKernel({
  name: 'train_linear_input_grad',
  params: {
    rows: 'u32',
    n: 'u32',
    k4: 'u32',
    half_base: 'u32',
    w_row0: 'u32',
    dy_stride4: 'u32',
    dy_col4: 'u32',
    dx_stride4: 'u32',
    dx_col4: 'u32',
    mode: 'u32',
    scale: 'f32',
  },
  bindings: ['read', 'read', 'read_write'],
  variants: { format: FROZEN_FORMATS },
  aliases: {},
  overrides: {},
  libraries: [{ name: 'product_input_grad.wgsl', code: productInputGrad }],
  kernel: { name: 'train_linear_input_grad.wgsl', code: inputGrad },
});

/** dW += scale · dyᵀ x. Dispatch over ⌈n / 8⌉ · ⌈k4 / 2⌉ invocations. */
export const linearWeightGradKernel = defineKernel({
  name: 'train_linear_weight_grad',
  params: {
    rows: 'u32',
    n: 'u32',
    k4: 'u32',
    dy_stride4: 'u32',
    dy_col4: 'u32',
    x_stride4: 'u32',
    x_col4: 'u32',
    scale: 'f32',
  },
  bindings: ['read', 'read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: {},
  libraries: [{ name: 'product_weight_grad.wgsl', code: productWeightGrad }],
  kernel: { name: 'train_linear_weight_grad.wgsl', code: weightGrad },
});

const SUBGROUP_SIZES = Object.fromEntries(
  [4, 8, 16, 32, 64].map((size) => [size, { name: `subgroups of ${size}`, code: `const SG = ${size}u;` }]),
);
/** Lanes from which on subgroups pay. */
const LEAST_SUBGROUP = 8;
/** Rows, outputs or weights that a subgroup's tile has beside its lanes. */
const SUBGROUP_TILE = 32;

/**
 * The same products by subgroups, whose lanes share what they load: the same bits, two to four times as fast on lavapipe,
 * where every load is dear.
 */
const linearSubgroupKernel = bySubgroups(linearKernel, { name: 'train_linear_subgroup.wgsl', code: linearSubgroup });
const inputGradSubgroupKernel = bySubgroups(linearInputGradKernel, {
  name: 'train_linear_input_grad_subgroup.wgsl',
  code: inputGradSubgroup,
});
const weightGradSubgroupKernel = bySubgroups(linearWeightGradKernel, {
  name: 'train_linear_weight_grad_subgroup.wgsl',
  code: weightGradSubgroup,
});

export const SUBGROUP_KERNELS: readonly Kernel[] = [
  linearSubgroupKernel,
  inputGradSubgroupKernel,
  weightGradSubgroupKernel,
];

function bySubgroups<Layout extends ParamsLayout>(kernel: Kernel<Layout>, file: Kernel['kernel']): Kernel<Layout> {
  return {
    ...kernel,
    name: `${kernel.name}_subgroup`,
    variants: { ...kernel.variants, subgroup: SUBGROUP_SIZES },
    kernel: { ...file, enables: ['subgroups'] },
  };
}

/** Which kernel makes a product, in which variant, and how many workgroups it takes. */
export interface ProductPlan<Layout extends ParamsLayout> {
  readonly kernel: Kernel<Layout>;
  readonly choice: KernelChoice;
  /** Workgroups of 64 invocations for an output of (rows, columns). */
  groups(rows: number, columns: number): number;
}

/** The kernels of the three products on one device. */
export interface Products {
  readonly linear: ProductPlan<typeof linearKernel.params>;
  readonly inputGrad: ProductPlan<typeof linearInputGradKernel.params>;
  readonly weightGrad: ProductPlan<typeof linearWeightGradKernel.params>;
}

/**
 * The faster kernels for a device; both kinds make the same bits. Subgroups of 4 share so little that handing it around
 * costs more than loading it: on SwiftShader the products of 8 × 8 are 1.1 (forward), 1.4 (backward) and 4 times (weights)
 * as fast.
 *
 * @param subgroupSize lanes of the device's subgroups; undefined where they vary or there are none
 * @param bySubgroups one kind in any case, where the device has it
 */
export function productsFor(subgroupSize = 0, bySubgroups: boolean = subgroupSize >= LEAST_SUBGROUP): Products {
  return bySubgroups && subgroupSize in SUBGROUP_SIZES ? subgroupProducts(subgroupSize) : plainProducts();
}

/** Of 8 × 8 in the registers of an invocation, on any device. */
function plainProducts(): Products {
  const tiles = (rows: number, columns: number) => Math.ceil((Math.ceil(rows / 8) * Math.ceil(columns / 8)) / 64);
  return {
    linear: { kernel: linearKernel, choice: {}, groups: tiles },
    inputGrad: { kernel: linearInputGradKernel, choice: {}, groups: tiles },
    weightGrad: { kernel: linearWeightGradKernel, choice: {}, groups: tiles },
  };
}

/** By subgroups of 4, 8, 16, 32 or 64 lanes. */
function subgroupProducts(subgroupSize: number): Products {
  const choice = { variants: { subgroup: String(subgroupSize) } };
  // A lane makes 4 columns of each of the 32 rows.
  const tiles = (rows: number, columns: number) =>
    Math.ceil((Math.ceil(rows / SUBGROUP_TILE) * Math.ceil(columns / (4 * subgroupSize)) * subgroupSize) / 64);
  return {
    linear: { kernel: linearSubgroupKernel, choice, groups: tiles },
    inputGrad: { kernel: inputGradSubgroupKernel, choice, groups: tiles },
    weightGrad: { kernel: weightGradSubgroupKernel, choice, groups: tiles },
  };
}
