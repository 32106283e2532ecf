import { createRandom } from '../../../base/random.ts';
import { headNormGradKernel, trainHeadNormKernel } from '../../kernels/head-norm.ts';
import { gainGradKernel, rmsNormGradKernel, trainRmsNormKernel } from '../../kernels/rms-norm.ts';
import { ROWS_PER_GROUP, type RowReduction } from '../../kernels/row-reduction.ts';
import { gridOf } from '../../model/op-list.ts';
import { matrix, Tape } from '../../reference/tape.reference.ts';
import { uniform, type KernelCase } from './kernel-case.ts';

const EPSILON = 1e-5;

/** Rows by themselves, or those that a table lists, one of which lies beyond the batch and one of which is all small. */
export function normCases(): KernelCase[] {
  const shapes = [
    { reduction: 'serial', source: 'same', rows: 5, width: 20 },
    { reduction: 'shared', source: 'same', rows: 3, width: 576 },
    { reduction: 'serial', source: 'listed', rows: 4, width: 12 },
    { reduction: 'shared', source: 'listed', rows: 4, width: 300 },
  ] as const;
  return shapes.flatMap(({ reduction, source, rows, width }, seed) => {
    const random = createRandom(seed);
    const xRows = source === 'same' ? rows : 7;
    const listed = source === 'same' ? Array.from({ length: rows }, (_, m) => m) : [6, 2, 0xffff_ffff, 3];
    const table = Uint32Array.from(listed.flatMap((row) => [0, 0, 0, row]));
    const values = uniform(random, xRows * width, 3);
    values.fill(1e-4, 2 * width, 3 * width);
    const gains = uniform(random, width);
    const dy = uniform(random, rows * width);
    const before = uniform(random, xRows * width);
    const gainBefore = uniform(random, width);

    // A norm of each listed row, put back to where it came from.
    const tape = new Tape();
    const kept = listed.filter((row) => row < xRows);
    const x = matrix(xRows, width, Float64Array.from(values));
    const gain = matrix(1, width, Float64Array.from(gains));
    const y = tape.rmsNorm(tape.gather(x, kept), gain, EPSILON);
    const where = listed.flatMap((row, m) => (row < xRows ? [m] : []));
    const normed = new Float64Array(rows * width);
    const scale = new Float64Array(rows);
    where.forEach((m, i) => {
      normed.set(y.value.subarray(i * width, (i + 1) * width), m * width);
      y.grad.set(dy.subarray(m * width, (m + 1) * width), i * width);
      const row = x.value.subarray((kept[i] ?? 0) * width, ((kept[i] ?? 0) + 1) * width);
      scale[m] = 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / width + EPSILON);
    });
    tape.backward();
    const plus = (a: Float32Array, b: Float64Array) => Float64Array.from(a, (v, i) => v + (b[i] ?? 0));
    const scales = Float32Array.from(scale);
    const name = `${source} rows, ${rows} × ${width}, ${reduction}`;
    const params = { rows, x_rows: xRows, k4: width / 4 };
    const choice = { variants: { row: reduction, source } };
    const groups = [Math.ceil(rows / ROWS_PER_GROUP[reduction as RowReduction]), 1] as const;
    return [
      {
        name,
        kernel: trainRmsNormKernel,
        choice,
        params: { ...params, epsilon: EPSILON },
        buffers: [values, gains, table, new Float32Array(rows * width).fill(9), new Float32Array(rows).fill(9)],
        workgroups: groups,
        expected: { 3: normed, 4: scale },
      },
      {
        name,
        kernel: rmsNormGradKernel,
        choice,
        params,
        buffers: [dy, values, gains, table, scales, before],
        workgroups: groups,
        expected: { 5: plus(before, x.grad) },
      },
      {
        name,
        kernel: gainGradKernel,
        choice: { variants: { source } },
        params,
        buffers: [dy, values, table, scales, gainBefore],
        workgroups: [Math.ceil(width / 256), 1],
        expected: { 4: plus(gainBefore, gain.grad) },
      },
    ];
  });
}

/** Norms of queries' and keys' heads, with a gain each. */
export function headNormCases(): KernelCase[] {
  return [
    { rows: 1, heads: 2, kvHeads: 1, headSize: 4 },
    { rows: 9, heads: 6, kvHeads: 2, headSize: 64 },
  ].flatMap(({ rows, heads, kvHeads, headSize }, seed): KernelCase[] => {
    const random = createRandom(seed);
    const gainAt = 3;
    const gains = uniform(random, gainAt + 2 * headSize);
    const all = heads + 2 * kvHeads;
    const qkv = uniform(random, rows * all * headSize, 2);
    const dqkv = uniform(random, rows * all * headSize);
    const isNormed = (i: number) => Math.floor(i / headSize) % all < heads + kvHeads;
    const raw = qkv.filter((_, i) => isNormed(i));
    const normed = Float64Array.from(qkv);
    const back = Float64Array.from(dqkv);
    for (let head = 0; head < rows * all; head++) {
      const h = head % all;
      if (h >= heads + kvHeads) continue;
      const from = head * headSize;
      const first = gainAt + (h < heads ? 0 : headSize);
      const tape = new Tape();
      const x = matrix(1, headSize, Float64Array.from(qkv.subarray(from, from + headSize)));
      const gain = matrix(1, headSize, Float64Array.from(gains.subarray(first, first + headSize)));
      const y = tape.rmsNorm(x, gain, EPSILON);
      y.grad.set(dqkv.subarray(from, from + headSize));
      tape.backward();
      normed.set(y.value, from);
      back.set(x.grad, from);
    }
    const shared = {
      name: `${rows} rows of ${heads} and ${kvHeads} heads of ${headSize}`,
      choice: {},
      params: { rows, heads, kv_heads: kvHeads, head4: headSize / 4, gain_at: gainAt, epsilon: EPSILON },
      workgroups: gridOf(rows * (heads + kvHeads)),
    };
    return [
      {
        ...shared,
        kernel: trainHeadNormKernel,
        buffers: [gains, qkv, new Float32Array(raw.length)],
        expected: { 1: normed, 2: raw },
      },
      { ...shared, kernel: headNormGradKernel, buffers: [gains, raw, dqkv], expected: { 2: back } },
    ];
  });
}
