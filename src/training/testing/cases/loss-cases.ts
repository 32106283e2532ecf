import { createRandom } from '../../../base/random.ts';
import { crossEntropyGradKernel, crossEntropyKernel } from '../../kernels/cross-entropy.ts';
import { embeddingGradKernel } from '../../kernels/embedding.ts';
import { ROWS_PER_GROUP } from '../../kernels/row-reduction.ts';
import { swigluGradKernel, trainSwigluKernel } from '../../kernels/swiglu.ts';
import { gridOf } from '../../model/op-list.ts';
import { matrix, Tape } from '../../reference/tape.reference.ts';
import { uniform, type KernelCase } from './kernel-case.ts';

/** The whole vocabulary at once, and its second part after a first one; logits of ±1e4, rows without a label. */
export function crossEntropyCases(): KernelCase[] {
  return (['serial', 'shared'] as const).flatMap((reduction, seed) =>
    [0, 64].flatMap((first): KernelCase[] => {
      const [rows, vocabulary, stride, weight] = [5, 107, 128, 0.25];
      const random = createRandom(seed);
      const sizes = [1, 30, 1e4, 5, 1e4];
      const z = Float32Array.from({ length: rows * vocabulary }, (_, i) => {
        const size = sizes[Math.floor(i / vocabulary)] ?? 1;
        return size < 1e4 ? (2 * random.uniform() - 1) * size : size * (random.below(2) ? 1 : -1) + random.uniform();
      });
      // The labels of rows of ±1e4 are among the likely ones: a loss of 2e4 would hide the rest of the norm.
      const likely = (row: number) => z.subarray(row * vocabulary, (row + 1) * vocabulary).findIndex((v) => v > 0);
      const labels = Int32Array.of(3, 106, likely(2), -1, likely(4));
      const value = Float64Array.from(z);
      const logits = matrix(rows, vocabulary, value);
      const loss = Float64Array.from(labels, (label, m) => {
        if (label < 0) return 0;
        const one = matrix(1, vocabulary, value.slice(m * vocabulary, (m + 1) * vocabulary));
        return new Tape().crossEntropy(one, [label], 1);
      });
      new Tape().crossEntropy(logits, labels, 1 / weight);
      const count = vocabulary - first;
      const chunk = Float32Array.from({ length: rows * stride }, (_, i) => {
        const v = i % stride;
        return v < count ? (z[Math.floor(i / stride) * vocabulary + first + v] ?? 0) : 7;
      });
      const stateUpTo = (end: number) =>
        Float64Array.from({ length: 4 * rows }, (_, i) => {
          const m = Math.floor(i / 4);
          const part = value.subarray(m * vocabulary, m * vocabulary + end);
          const top = Math.max(...part);
          const label = labels[m] ?? -1;
          const mass = part.reduce((sum, each) => sum + Math.exp(each - top), 0);
          return [top, mass, label >= 0 && label < end ? (part[label] ?? 0) : 0, 0][i % 4] ?? 0;
        });
      const before = first === 0 ? new Float32Array(4 * rows).fill(Number.NaN) : Float32Array.from(stateUpTo(first));
      const after = stateUpTo(vocabulary);
      const gradient = Float64Array.from({ length: rows * stride }, (_, i) => {
        const [m, v] = [Math.floor(i / stride), i % stride];
        return v < count ? (logits.grad[m * vocabulary + first + v] ?? 0) : 0;
      });
      const labelBits = new Uint32Array(labels.buffer);
      const shared = { params: { rows, first, count, stride } };
      const name = `tokens from ${first}`;
      const forward: KernelCase = {
        ...shared,
        name: `${name}, ${reduction}`,
        kernel: crossEntropyKernel,
        choice: { variants: { row: reduction } },
        buffers: [labelBits, chunk, before, new Float32Array(rows)],
        workgroups: [Math.ceil(rows / ROWS_PER_GROUP[reduction]), 1],
        expected: { 2: after, 3: loss },
      };
      if (reduction === 'shared') return [forward];
      return [
        forward,
        {
          ...shared,
          name,
          kernel: crossEntropyGradKernel,
          choice: {},
          buffers: [labelBits, Float32Array.from(after), Float32Array.of(weight), chunk],
          workgroups: gridOf(rows * stride),
          expected: { 3: gradient },
        },
      ];
    }),
  );
}

/** Gates of ±100, where a careless sigmoid overflows. */
export function swigluCases(): KernelCase[] {
  return [
    { rows: 1, width: 4, size: 1 },
    { rows: 9, width: 28, size: 100 },
  ].flatMap(({ rows, width, size }, seed): KernelCase[] => {
    const random = createRandom(seed);
    const [gate, up, dy] = [size, 2, 1].map((each) => uniform(random, rows * width, each)) as [
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
    ];
    const sideBySide = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Float64Array.from({ length: 2 * rows * width }, (_, i) => {
        const [t, column] = [Math.floor(i / (2 * width)), i % (2 * width)];
        return (column < width ? a[t * width + column] : b[t * width + column - width]) ?? 0;
      });
    const tape = new Tape();
    const [e, f] = [gate, up].map((values) => matrix(rows, width, Float64Array.from(values))) as [
      ReturnType<typeof matrix>,
      ReturnType<typeof matrix>,
    ];
    const y = tape.swiglu(e, f);
    y.grad.set(dy);
    tape.backward();
    const gateUp = Float32Array.from(sideBySide(gate, up));
    const shared = {
      name: `${rows} × ${width}, gates up to ${size}`,
      choice: {},
      params: { rows, width4: width / 4 },
      workgroups: gridOf((rows * width) / 4),
    };
    return [
      {
        ...shared,
        kernel: trainSwigluKernel,
        buffers: [gateUp, new Float32Array(dy.length)],
        expected: { 1: y.value },
      },
      {
        ...shared,
        kernel: swigluGradKernel,
        buffers: [gateUp, dy],
        expected: { 0: sideBySide(e.grad, f.grad), 1: y.value },
      },
    ];
  });
}

/** Tokens that come once, often and never. */
export function embeddingGradCases(): KernelCase[] {
  const [rows, width, vocabulary] = [7, 20, 9];
  const random = createRandom(1);
  const tokens = [4, 0, 4, 8, 4, 0, 2];
  const dx = uniform(random, rows * width);
  const before = uniform(random, vocabulary * width);
  const expected = Float64Array.from(before);
  const groups: number[] = [];
  const order: number[] = [];
  for (const token of new Set(tokens)) {
    const first = order.length;
    tokens.forEach((each, t) => each === token && order.push(t));
    groups.push(token, first, order.length, 0);
  }
  while (groups.length < 4 * rows) groups.push(0, 0, 0, 0);
  dx.forEach((value, i) => {
    const at = (tokens[Math.floor(i / width)] ?? 0) * width + (i % width);
    expected[at] = (expected[at] ?? 0) + value;
  });
  return [
    {
      name: 'tokens that come once, often and never',
      kernel: embeddingGradKernel,
      choice: {},
      params: { groups: rows, k4: width / 4 },
      buffers: [Uint32Array.from(groups), Uint32Array.from(order), dx, before],
      workgroups: gridOf((rows * width) / 4),
      expected: { 3: expected },
    },
  ];
}
