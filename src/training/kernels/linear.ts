import { defineKernel, type Kernel, type ParamsLayout } from '../../gpu/index.ts';
import productInputGrad from '../../../shaders/lib/product_input_grad.wgsl?raw';
import productLinear from '../../../shaders/lib/product_linear.wgsl?raw';
import productWeightGrad from '../../../shaders/lib/product_weight_grad.wgsl?raw';
import linear from '../../../shaders/train_linear.wgsl?raw';
import inputGrad from '../../../shaders/train_linear_input_grad.wgsl?raw';
import inputGradTall from '../../../shaders/train_linear_input_grad_tall.wgsl?raw';
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

const { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K } = FROZEN_FORMATS;

/** The same by tiles of 16 × 16, for blocks of weights in software. Dispatch over ⌈rows / 16⌉ · k4 / 4 invocations. */
export const inputGradTallKernel: typeof linearInputGradKernel = {
  ...linearInputGradKernel,
  name: 'train_linear_input_grad_tall',
  variants: { format: { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K } },
  kernel: { name: 'train_linear_input_grad_tall.wgsl', code: inputGradTall },
};

const SUBGROUP_SIZES = Object.fromEntries(
  [4, 8, 16, 32, 64].map((size) => [size, { name: `subgroups of ${size}`, code: `const SG = ${size}u;` }]),
);

/**
 * The same products by subgroups, whose lanes share what they load: the same bits, two to four times as fast on lavapipe,
 * where every load is dear.
 */
export const linearSubgroupKernel = bySubgroups(linearKernel, {
  name: 'train_linear_subgroup.wgsl',
  code: linearSubgroup,
});
export const inputGradSubgroupKernel = bySubgroups(linearInputGradKernel, {
  name: 'train_linear_input_grad_subgroup.wgsl',
  code: inputGradSubgroup,
});
export const weightGradSubgroupKernel = bySubgroups(linearWeightGradKernel, {
  name: 'train_linear_weight_grad_subgroup.wgsl',
  code: weightGradSubgroup,
});

function bySubgroups<Layout extends ParamsLayout>(kernel: Kernel<Layout>, file: Kernel['kernel']): Kernel<Layout> {
  return {
    ...kernel,
    name: `${kernel.name}_subgroup`,
    variants: { ...kernel.variants, subgroup: SUBGROUP_SIZES },
    kernel: { ...file, enables: ['subgroups'] },
  };
}

/** Whether the kernels above have a variant for subgroups of so many lanes. */
export function hasSubgroupKernels(size: number): boolean {
  return size in SUBGROUP_SIZES;
}
