import { concatBytes } from '../../../base/bytes.ts';
import { createRandom } from '../../../base/random.ts';
import { dequantise } from '../../../engine/model/dequantise.reference.ts';
import { packedRow, packRows } from '../../../engine/model/packing.ts';
import { randomRows } from '../../../engine/testing/random-weights.ts';
import { TENSOR_TYPES } from '../../../weights/index.ts';
import type { Products } from '../../kernels/choose-products.ts';
import { BASE } from '../../kernels/linear.ts';
import type { WeightFormat } from '../../kernels/nf4.ts';
import { doubleQuantise, nf4Header, nf4Places } from '../../nf4/nf4.ts';
import { dequantiseNf4, quantiseNf4 } from '../../nf4/nf4.reference.ts';
import { gridOf } from '../../model/op-list.ts';
import { uniform, type KernelCase } from './kernel-case.ts';

interface Shape {
  /** T, a multiple of 8. */
  readonly rows: number;
  readonly n: number;
  /** Inputs in blocks of the type, or in fours. */
  readonly blocks: number;
}

const SHAPES: readonly Shape[] = [
  { rows: 8, n: 1, blocks: 1 },
  { rows: 24, n: 37, blocks: 3 },
  { rows: 40, n: 66, blocks: 2 },
];
const SCALE = 0.7;
/** Rows of the matrix before those that count, and numbers before the columns that count. */
const FIRST_ROW = 2;
const MARGIN = 4;

const rounded4 = (n: number) => Math.ceil(n / 4) * 4;

function weightsOf(type: WeightFormat, { n, blocks }: Shape, seed: number) {
  if (type === 'NF4') return nf4Weights(n + FIRST_ROW, 96 * blocks, seed);
  const { blockElements } = TENSOR_TYPES[type];
  const k = blockElements === 1 ? 20 * blocks : blockElements * blocks;
  const bytes = randomRows(type, n + FIRST_ROW, k, createRandom(seed));
  const packed = packRows(type, k, bytes);
  const w = dequantise(type, bytes).subarray(FIRST_ROW * k);
  const halfBase = ((n + FIRST_ROW) * packedRow(type, k).codesBytes) / 4;
  return { k, w, buffer: concatBytes([packed.codes, packed.scales]), halfBase };
}

function nf4Weights(rows: number, k: number, seed: number) {
  const matrix = quantiseNf4(uniform(createRandom(seed), rows * k));
  const places = nf4Places(rows * k);
  const outer = doubleQuantise(matrix.absmax);
  const buffer = new Uint8Array(places.end * 4);
  buffer.set(new Uint8Array(nf4Header(outer.offset, places.absmax).buffer));
  for (let i = 0; i < matrix.codes.length; i += 2)
    buffer[places.codes * 4 + i / 2] = ((matrix.codes[i] ?? 0) << 4) | (matrix.codes[i + 1] ?? 0);
  buffer.set(outer.codes, places.scaleCodes * 4);
  buffer.set(new Uint8Array(outer.absmax.buffer), places.absmax * 4);
  const w = dequantiseNf4(matrix, rows * k).subarray(FIRST_ROW * k);
  return { k, w, buffer, halfBase: places.scaleCodes };
}

/** y = base + scale · x Wᵀ, in each mode and over each type. */
export function linearCases({ linear }: Pick<Products, 'linear'>, type: WeightFormat): KernelCase[] {
  const { kernel, choice, groups } = linear(type);
  const modes = Object.entries(BASE);
  return SHAPES.flatMap((shape, s) =>
    modes.map(([mode, number]): KernelCase => {
      const { rows, n } = shape;
      const { k, w, buffer, halfBase } = weightsOf(type, shape, s + 1);
      const random = createRandom(s + number);
      const stride = k + MARGIN;
      const yStride = n + 3;
      const x = uniform(random, rows * stride);
      const residual = uniform(random, rows * yStride);
      const before = uniform(random, rows * yStride);
      const expected = Float64Array.from(before);
      for (let t = 0; t < rows; t++) {
        for (let i = 0; i < n; i++) {
          let sum = 0;
          for (let j = 0; j < k; j++) sum += (x[t * stride + MARGIN + j] ?? 0) * (w[i * k + j] ?? 0);
          const at = t * yStride + 1 + i;
          const base = { nothing: 0, output: before[at], residual: residual[at], bias: residual[1 + i] }[mode] ?? 0;
          expected[at] = base + SCALE * sum;
        }
      }
      return {
        name: `${type}, ${rows} × ${n} × ${k} on ${mode}`,
        kernel,
        choice,
        params: {
          rows,
          n,
          k4: k / 4,
          half_base: halfBase,
          w_row0: FIRST_ROW,
          x_stride4: stride / 4,
          x_col4: MARGIN / 4,
          y_stride: yStride,
          y_col0: 1,
          mode: number,
          scale: SCALE,
        },
        buffers: [buffer, x, residual, before],
        workgroups: gridOf(64 * groups(rows, n)),
        expected: { 3: expected },
      };
    }),
  );
}

/** dx = (dx) + scale · dy W, over each type. */
export function inputGradCases({ inputGrad }: Pick<Products, 'inputGrad'>, type: WeightFormat): KernelCase[] {
  const { kernel, choice, groups } = inputGrad(type);
  return SHAPES.flatMap((shape, s) =>
    [0, 1].map((mode): KernelCase => {
      const { rows, n } = shape;
      const { k, w, buffer, halfBase } = weightsOf(type, shape, s + 1);
      const random = createRandom(s + mode);
      const stride = rounded4(n) + MARGIN;
      const dxStride = k + MARGIN;
      const dy = uniform(random, rows * stride);
      // Padding within the last vector holds zeros.
      for (let t = 0; t < rows; t++) dy.fill(0, t * stride + MARGIN + n, (t + 1) * stride);
      const before = uniform(random, rows * dxStride);
      const expected = Float64Array.from(before);
      for (let t = 0; t < rows; t++) {
        for (let j = 0; j < k; j++) {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += (dy[t * stride + MARGIN + i] ?? 0) * (w[i * k + j] ?? 0);
          const at = t * dxStride + MARGIN + j;
          expected[at] = (mode === 1 ? (before[at] ?? 0) : 0) + SCALE * sum;
        }
      }
      return {
        name: `${type}, ${rows} × ${n} × ${k}, mode ${mode}`,
        kernel,
        choice,
        params: {
          rows,
          n,
          k4: k / 4,
          half_base: halfBase,
          w_row0: FIRST_ROW,
          dy_stride4: stride / 4,
          dy_col4: MARGIN / 4,
          dx_stride4: dxStride / 4,
          dx_col4: MARGIN / 4,
          mode,
          scale: SCALE,
        },
        buffers: [buffer, dy, before],
        workgroups: gridOf(64 * groups(rows, k)),
        expected: { 2: expected },
      };
    }),
  );
}

/** dW += scale · dyᵀ x. */
export function weightGradCases({ weightGrad: { kernel, choice, groups } }: Products): KernelCase[] {
  return SHAPES.map(({ rows, n, blocks }, s): KernelCase => {
    const k = 12 * blocks;
    const random = createRandom(s);
    const [dyStride, xStride] = [rounded4(n) + MARGIN, k + MARGIN];
    const dy = uniform(random, rows * dyStride);
    const x = uniform(random, rows * xStride);
    const before = uniform(random, n * k);
    const expected = Float64Array.from(before, (base, at) => {
      const [i, j] = [Math.floor(at / k), at % k];
      let sum = 0;
      for (let t = 0; t < rows; t++) sum += (dy[t * dyStride + MARGIN + i] ?? 0) * (x[t * xStride + MARGIN + j] ?? 0);
      return base + SCALE * sum;
    });
    return {
      name: `${rows} × ${n} × ${k}`,
      kernel,
      choice,
      params: {
        rows,
        n,
        k4: k / 4,
        dy_stride4: dyStride / 4,
        dy_col4: MARGIN / 4,
        x_stride4: xStride / 4,
        x_col4: MARGIN / 4,
        scale: SCALE,
      },
      buffers: [dy, x, before],
      workgroups: gridOf(64 * groups(n, k)),
      expected: { 2: expected },
    };
  });
}
