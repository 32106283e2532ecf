import { createRandom } from '../../../base/random.ts';
import { attentionFor } from '../../kernels/attention.ts';
import { trainRopeKernel } from '../../kernels/rope.ts';
import { gridOf } from '../../model/op-list.ts';
import { matrix, Tape } from '../../reference/tape.reference.ts';
import { rowTable, uniform, type KernelCase } from './kernel-case.ts';

/** Segments of odd lengths, rows in fours, grouped heads, heads of usual sizes; scores of up to about 60. */
export function attentionCases(): KernelCase[] {
  return [
    { segments: [1, 3], heads: 1, kvHeads: 1, headSize: 4, size: 1 },
    { segments: [5, 1, 4, 2, 8], heads: 6, kvHeads: 2, headSize: 8, size: 2 },
    { segments: [11, 6, 3], heads: 7, kvHeads: 1, headSize: 64, size: 1 },
    { segments: [2, 9, 1], heads: 4, kvHeads: 4, headSize: 128, size: 2 },
  ].flatMap(({ segments, heads, kvHeads, headSize, size }, seed): KernelCase[] => {
    const random = createRandom(seed);
    const table = rowTable(segments);
    const rows = table.length / 4;
    const width = (heads + 2 * kvHeads) * headSize;
    const qkv = uniform(random, rows * width, size);
    const dout = uniform(random, rows * heads * headSize);
    const columns = (first: number, count: number) =>
      matrix(
        rows,
        count * headSize,
        Float64Array.from({ length: rows * count * headSize }, (_, i) => {
          const t = Math.floor(i / (count * headSize));
          return qkv[t * width + first * headSize + (i % (count * headSize))] ?? 0;
        }),
      );
    const [q, k, v] = [columns(0, heads), columns(heads, kvHeads), columns(heads + kvHeads, kvHeads)];
    const tape = new Tape();
    const starts = Array.from({ length: rows }, (_, t) => table[4 * t + 2] ?? 0);
    const out = tape.attention(q, k, v, headSize, starts);
    out.grad.set(dout);
    tape.backward();
    const sigma = headSize ** -0.5;
    const dot = (a: Float64Array, i: number, b: Float64Array, j: number) => {
      let sum = 0;
      for (let d = 0; d < headSize; d++) sum += (a[i + d] ?? 0) * (b[j + d] ?? 0);
      return sum;
    };
    const mass = new Float64Array(heads * rows);
    const delta = new Float64Array(heads * rows);
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < rows; t++) {
        const at = (t * heads + h) * headSize;
        const kv = Math.floor(h / (heads / kvHeads));
        let sum = 0;
        for (let j = starts[t] ?? 0; j <= t; j++)
          sum += Math.exp(sigma * dot(q.value, at, k.value, (j * kvHeads + kv) * headSize));
        mass[h * rows + t] = Math.log(sum);
        delta[h * rows + t] = dot(out.grad, at, out.value, at);
      }
    }
    const before = uniform(random, rows * width);
    const dqkv = (parts: 'queries' | 'others') =>
      Float64Array.from(before, (old, i) => {
        const [t, column] = [Math.floor(i / width), i % width];
        const isQuery = column < heads * headSize;
        if (isQuery !== (parts === 'queries')) return old;
        if (isQuery) return q.grad[t * heads * headSize + column] ?? 0;
        const rest = column - heads * headSize;
        const kvWidth = kvHeads * headSize;
        return (rest < kvWidth ? k.grad[t * kvWidth + rest] : v.grad[t * kvWidth + rest - kvWidth]) ?? 0;
      });
    const f32 = (values: Float64Array) => Float32Array.from(values);
    return (['rows', 'tiles'] as const).flatMap((kind): KernelCase[] => {
      const { forward, queryGrad, keyValueGrad, choice } = attentionFor(kind, headSize);
      const shared = {
        name: `segments of ${segments.join()}, ${heads} heads on ${kvHeads}, of ${headSize}`,
        choice,
        params: { rows, heads, kv_heads: kvHeads, sigma },
      };
      return [
        {
          ...shared,
          kernel: forward,
          buffers: [table, qkv, new Float32Array(dout.length), new Float32Array(mass.length)],
          workgroups: gridOf(rows * heads),
          expected: { 2: out.value, 3: mass },
        },
        {
          ...shared,
          kernel: queryGrad,
          buffers: [table, qkv, f32(out.value), dout, f32(mass), new Float32Array(delta.length), before],
          workgroups: gridOf(rows * heads),
          expected: { 5: delta, 6: dqkv('queries') },
        },
        {
          ...shared,
          kernel: keyValueGrad,
          buffers: [table, qkv, dout, f32(mass), f32(delta), before],
          workgroups: gridOf(rows * kvHeads),
          expected: { 5: dqkv('others') },
        },
      ];
    });
  });
}

/** Both ways to pair dimensions, there and back, also where only a part of a head turns. */
export function ropeCases(): KernelCase[] {
  return (['pairs', 'halves'] as const).flatMap((rope, seed) =>
    ([1, -1] as const).map((sign): KernelCase => {
      const [heads, headSize, rotary, stride] = [3, 12, 8, 3 * 12 + 5];
      const random = createRandom(seed);
      const table = rowTable([4, 1, 6]);
      const rows = table.length / 4;
      const angles = Float32Array.from({ length: 6 * (rotary / 2) }, () => random.uniform() * 6);
      const turns = Float32Array.from({ length: 2 * angles.length }, (_, i) =>
        i % 2 === 0 ? Math.cos(angles[i / 2] ?? 0) : Math.sin(angles[(i - 1) / 2] ?? 0),
      );
      const x = uniform(random, rows * stride);
      const expected = Float64Array.from(x);
      for (let t = 0; t < rows; t++) {
        for (let h = 0; h < heads; h++) {
          for (let i = 0; i < rotary / 2; i++) {
            const at = t * stride + h * headSize;
            const [a, b] = rope === 'pairs' ? [at + 2 * i, at + 2 * i + 1] : [at + i, at + i + rotary / 2];
            const turn = ((table[4 * t + 1] ?? 0) * rotary) / 2 + i;
            const [c, s] = [turns[2 * turn] ?? 0, sign * (turns[2 * turn + 1] ?? 0)];
            expected[a] = (x[a] ?? 0) * c - (x[b] ?? 0) * s;
            expected[b] = (x[a] ?? 0) * s + (x[b] ?? 0) * c;
          }
        }
      }
      return {
        name: `${rope}, sign ${sign}`,
        kernel: trainRopeKernel,
        choice: { variants: { rope } },
        params: { rows, heads, head_size: headSize, rotary, stride, sign },
        buffers: [table, turns, x],
        workgroups: gridOf((rows * heads * rotary) / 2),
        expected: { 2: expected },
      };
    }),
  );
}
