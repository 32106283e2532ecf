import {
  addLinear,
  addLinearInputGrad,
  addLinearWeightGrad,
  type Base,
  type Linear,
  type ProductContext,
  type Rows,
} from './linear.ts';

/** The low-rank change of some of a layer's outputs: scale · B (A x) (Hu et al. 2021). */
export interface LowRankChange {
  /** All A of the layer one under the other: (ranks, inputs). */
  readonly a: Linear;
  readonly pairs: readonly {
    /** The first of its ranks among those of the layer. */
    readonly column: number;
    /** The first output that it changes. */
    readonly output: number;
    /** (outputs, rank) */
    readonly b: Linear;
  }[];
  readonly scale: number;
}

/** A linear layer that may have low-rank changes. */
export interface AdaptedLinear extends Linear {
  readonly change?: LowRankChange | undefined;
}

/** Where A x and the gradient by it go: rows of at least as many numbers as a layer has ranks. */
export interface AdaptedContext extends ProductContext {
  readonly low: Rows;
  readonly dLow: Rows;
}

/** y = base + x Wᵀ + scale · (x Aᵀ) Bᵀ. */
export function addAdaptedLinear(
  context: AdaptedContext,
  layer: AdaptedLinear,
  rows: number,
  x: Rows,
  y: Rows,
  base: Base,
): void {
  addLinear(context, layer, rows, x, y, base);
  const { change } = layer;
  if (!change) return;
  const { low } = context;
  addLinear(context, change.a, rows, x, low, { mode: 'nothing' });
  for (const { column, output, b } of change.pairs) {
    const to = { ...y, column: (y.column ?? 0) + output };
    addLinear(context, b, rows, { ...low, column }, to, { mode: 'output' }, change.scale);
  }
}

/** dx = dy W + dLow A, and dLow = scale · dy B for the gradient of the change, which must come next. */
export function addAdaptedInputGrad(
  context: AdaptedContext,
  layer: AdaptedLinear,
  rows: number,
  dy: Rows,
  dx: Rows | undefined,
): void {
  if (dx) addLinearInputGrad(context, layer, rows, dy, dx);
  const { change } = layer;
  if (!change) return;
  const { dLow } = context;
  for (const { column, output, b } of change.pairs) {
    const from = { ...dy, column: (dy.column ?? 0) + output };
    addLinearInputGrad(context, b, rows, from, { ...dLow, column }, false, change.scale);
  }
  if (dx) addLinearInputGrad(context, change.a, rows, dLow, dx, true);
}

/** Gradients of whatever of the layer is trained: dW += dyᵀ x, dA += dLowᵀ x, dB += scale · dyᵀ (x Aᵀ). */
export function addAdaptedWeightGrad(
  context: AdaptedContext,
  layer: AdaptedLinear,
  rows: number,
  dy: Rows,
  x: Rows,
): void {
  addLinearWeightGrad(context, layer, rows, dy, x);
  const { change } = layer;
  if (!change) return;
  const { low, dLow } = context;
  addLinear(context, change.a, rows, x, low, { mode: 'nothing' });
  for (const { column, output, b } of change.pairs) {
    const from = { ...dy, column: (dy.column ?? 0) + output };
    addLinearWeightGrad(context, b, rows, from, { ...low, column }, change.scale);
  }
  addLinearWeightGrad(context, change.a, rows, dLow, x);
}
