import { WEIGHT_FORMATS } from '../../engine/index.ts';
import { defineKernel } from '../../gpu/index.ts';
import linear from '../../../shaders/train_linear.wgsl?raw';
import inputGrad from '../../../shaders/train_linear_input_grad.wgsl?raw';
import weightGrad from '../../../shaders/train_linear_weight_grad.wgsl?raw';

/** Rows of a product are made in tiles of this many: batches are padded to a multiple of it. */
export const ROW_TILE = 8;

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
  variants: { format: WEIGHT_FORMATS },
  aliases: {},
  overrides: {},
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
  variants: { format: WEIGHT_FORMATS },
  aliases: {},
  overrides: {},
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
  kernel: { name: 'train_linear_weight_grad.wgsl', code: weightGrad },
});
