import type { Products } from '../kernels/choose-products.ts';
import { BASE } from '../kernels/linear.ts';
import type { WeightFormat } from '../kernels/nf4.ts';
import { gridOf, type Bound, type OpList } from './op-list.ts';

/** Rows of a weight matrix that lie together in a buffer, and which outputs of the layer they make. */
export interface WeightPart {
  readonly weights: Bound;
  readonly type: WeightFormat;
  /** Where the plane of scales begins, in words; 0 for types without one. */
  readonly scalesWord: number;
  /** The first row in the buffer. */
  readonly bufferRow: number;
  readonly rows: number;
  /** The first output. */
  readonly output: number;
}

/** Where the commands of products go, and which kernels they take. */
export interface ProductContext {
  readonly ops: OpList;
  readonly products: Products;
}

/** A linear layer: y = x Wᵀ. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  readonly parts: readonly WeightPart[];
  /** Where the gradient of the weights goes, (outputs, inputs); undefined for frozen ones. */
  readonly gradient: Bound | undefined;
}

/** Rows of numbers: `width` from column `column` of rows of `stride`, all multiples of 4. */
export interface Rows {
  readonly buffer: Bound;
  readonly stride: number;
  readonly column?: number;
}

/** What a linear layer's output is added to. */
export type Base =
  | { readonly mode: 'nothing' | 'output' }
  | { readonly mode: 'residual' | 'bias'; readonly buffer: Bound };

/** A layer over one matrix of f32. */
export function plainLinear(weights: Bound, gradient: Bound | undefined, outputs: number, inputs: number): Linear {
  const part = { weights, type: 'F32', scalesWord: 0, bufferRow: 0, rows: outputs, output: 0 } as const;
  return { inputs, outputs, parts: [part], gradient };
}

/** The layer that makes outputs `first` to `first + outputs` only; both multiples of 64 where the weights are trained. */
export function sliceLinear(layer: Linear, first: number, outputs: number): Linear {
  const parts = layer.parts.flatMap((part) => {
    const from = Math.max(first, part.output);
    const to = Math.min(first + outputs, part.output + part.rows);
    if (from >= to) return [];
    return [{ ...part, bufferRow: part.bufferRow + from - part.output, rows: to - from, output: from - first }];
  });
  const { inputs, gradient } = layer;
  if (!gradient) return { inputs, outputs, parts, gradient };
  const { buffer, offset = 0 } = 'buffer' in gradient ? gradient : { buffer: gradient };
  const slice = { buffer, offset: offset + 4 * first * inputs, size: 4 * outputs * inputs };
  return { inputs, outputs, parts, gradient: slice };
}

/** y = base + scale · x Wᵀ over `rows` rows. */
export function addLinear(
  { ops, products }: ProductContext,
  layer: Linear,
  rows: number,
  x: Rows,
  y: Rows,
  base: Base,
  scale = 1,
): void {
  for (const part of layer.parts) {
    const { kernel, choice, groups } = products.linear(part.type);
    ops.add({
      kernel,
      choice,
      params: {
        rows,
        n: part.rows,
        k4: layer.inputs / 4,
        half_base: part.scalesWord,
        w_row0: part.bufferRow,
        x_stride4: x.stride / 4,
        x_col4: (x.column ?? 0) / 4,
        y_stride: y.stride,
        y_col0: (y.column ?? 0) + part.output,
        mode: BASE[base.mode],
        scale,
      },
      // Without a base the input stands in for it, as every binding must be bound.
      buffers: [part.weights, x.buffer, 'buffer' in base ? base.buffer : x.buffer, y.buffer],
      workgroups: gridOf(64 * groups(rows, part.rows)),
      flops: 2 * rows * part.rows * layer.inputs,
    });
  }
}

/** dx = scale · dy W over `rows` rows; added to dx if `adds`. */
export function addLinearInputGrad(
  { ops, products }: ProductContext,
  layer: Linear,
  rows: number,
  dy: Rows,
  dx: Rows,
  adds = false,
  scale = 1,
): void {
  for (const [i, part] of layer.parts.entries()) {
    const { kernel, choice, groups } = products.inputGrad(part.type);
    ops.add({
      kernel,
      choice,
      params: {
        rows,
        n: part.rows,
        k4: layer.inputs / 4,
        half_base: part.scalesWord,
        w_row0: part.bufferRow,
        dy_stride4: dy.stride / 4,
        dy_col4: ((dy.column ?? 0) + part.output) / 4,
        dx_stride4: dx.stride / 4,
        dx_col4: (dx.column ?? 0) / 4,
        mode: adds || i > 0 ? 1 : 0,
        scale,
      },
      buffers: [part.weights, dy.buffer, dx.buffer],
      workgroups: gridOf(64 * groups(rows, layer.inputs)),
      flops: 2 * rows * part.rows * layer.inputs,
    });
  }
}

/** dW += scale · dyᵀ x over `rows` rows, if the layer's weights are trained. */
export function addLinearWeightGrad(
  { ops, products }: ProductContext,
  layer: Linear,
  rows: number,
  dy: Rows,
  x: Rows,
  scale = 1,
): void {
  if (!layer.gradient) return;
  const { kernel, choice, groups } = products.weightGrad;
  ops.add({
    kernel,
    choice,
    params: {
      rows,
      n: layer.outputs,
      k4: layer.inputs / 4,
      dy_stride4: dy.stride / 4,
      dy_col4: (dy.column ?? 0) / 4,
      x_stride4: x.stride / 4,
      x_col4: (x.column ?? 0) / 4,
      scale,
    },
    buffers: [dy.buffer, x.buffer, layer.gradient],
    workgroups: gridOf(64 * groups(layer.outputs, layer.inputs)),
    flops: 2 * rows * layer.outputs * layer.inputs,
  });
}
