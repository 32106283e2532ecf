import { createRandom } from '../../../base/random.ts';
import { adamw8bitKernel, adamwKernel, clipKernel, PARTIAL_SUMS, squareSumKernel } from '../../kernels/optimizer.ts';
import { dynamicMap } from '../../model/dynamic-map.ts';
import { gridOf } from '../../model/op-list.ts';
import { adamwReference } from '../../reference/adamw.reference.ts';
import { uniform, type KernelCase } from './kernel-case.ts';

const STEP = 7;
const OPTIONS = { learningRate: 0.01, weightDecay: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-6 };

function paramsOf(count: number, decayed: number) {
  const { learningRate, weightDecay, beta1, beta2, epsilon } = OPTIONS;
  return {
    count4: count / 4,
    decayed4: decayed / 4,
    rate: learningRate,
    decay: weightDecay,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    epsilon,
    c1: 1 / (1 - beta1 ** STEP),
    c2: 1 / (1 - beta2 ** STEP),
  };
}

/** A step with a clipped gradient; the first half decays. `m` and `v` are what the moments stand for. */
function stepped(count: number, decayed: number, m: Float64Array, v: Float64Array) {
  const random = createRandom(count);
  const parameters = uniform(random, count);
  const gradients = uniform(random, count, 0.1);
  const factor = 0.5;
  const after = { parameters: Float64Array.from(parameters), m: m.slice(), v: v.slice() };
  // The reference makes its own factor of norm and limit.
  const norm = 1 / factor - 1e-6;
  for (const [from, to] of [[0, decayed] as const, [decayed, count] as const]) {
    const part = {
      parameters: after.parameters.subarray(from, to),
      m: after.m.subarray(from, to),
      v: after.v.subarray(from, to),
    };
    adamwReference(part, gradients.subarray(from, to), STEP, norm, { ...OPTIONS, clip: 1 }, from === 0);
  }
  return { parameters, gradients, clip: Float32Array.of(1 / factor, factor), after };
}

export function adamwCases(): KernelCase[] {
  const [count, decayed] = [1036, 520];
  const random = createRandom(3);
  const m = uniform(random, count, 0.05);
  const v = uniform(random, count, 0.01).map(Math.abs);
  const { parameters, gradients, clip, after } = stepped(count, decayed, Float64Array.from(m), Float64Array.from(v));
  const shared = { kernel: adamwKernel, choice: {}, params: paramsOf(count, decayed), workgroups: gridOf(count / 4) };
  return [
    {
      ...shared,
      name: 'a clipped step',
      buffers: [gradients, clip, parameters, m, v],
      expected: { 2: after.parameters, 3: after.m, 4: after.v },
    },
    {
      ...shared,
      name: 'a step whose norm is not finite',
      buffers: [gradients, Float32Array.of(Number.NaN, 0), parameters, m, v],
      expected: { 2: parameters, 3: m, 4: v },
    },
  ];
}

/** Parameters after a step from coded moments; the codes themselves are looked up in `decodeMoments`. */
export function adamw8bitCases(): KernelCase[] {
  const [count, decayed] = [768, 256];
  const random = createRandom(5);
  const codes = () => Uint8Array.from({ length: count }, () => random.below(256));
  const [mCodes, vCodes] = [codes(), codes()];
  const scales = Float32Array.of(0.05, 0.01, 0.2, 0.03, 0, 0);
  const decoded = decodeMoments(mCodes, vCodes, scales);
  const { parameters, gradients, clip, after } = stepped(count, decayed, decoded.m, decoded.v);
  const top = (values: Float64Array, block: number) =>
    values.subarray(256 * block, 256 * (block + 1)).reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  return [
    {
      name: 'three blocks, one of them new',
      kernel: adamw8bitKernel,
      choice: { variants: { row: 'shared' } },
      params: paramsOf(count, decayed),
      buffers: [
        gradients,
        clip,
        Float32Array.from([...dynamicMap(true), ...dynamicMap(false)]),
        parameters,
        mCodes,
        vCodes,
        scales,
      ],
      workgroups: gridOf(count / 4),
      expected: {
        3: after.parameters,
        6: Float64Array.from({ length: 6 }, (_, i) => top(i % 2 === 0 ? after.m : after.v, Math.floor(i / 2))),
      },
    },
  ];
}

/** What codes of 8 bits stand for. */
export function decodeMoments(mCodes: Uint8Array, vCodes: Uint8Array, scales: Float32Array) {
  const [signed, unsigned] = [dynamicMap(true), dynamicMap(false)];
  const decode = (codes: Uint8Array, book: Float32Array, side: number) =>
    Float64Array.from(codes, (code, i) => (book[code] ?? 0) * (scales[2 * Math.floor(i / 256) + side] ?? 0));
  return { m: decode(mCodes, signed, 0), v: decode(vCodes, unsigned, 1) };
}

export function clipCases(): KernelCase[] {
  const random = createRandom(1);
  const x = uniform(random, 4 * 5000, 3);
  const partials = new Float64Array(PARTIAL_SUMS);
  x.forEach((value, i) => {
    const at = Math.floor(i / 4) % PARTIAL_SUMS;
    partials[at] = (partials[at] ?? 0) + value * value;
  });
  const norm = Math.sqrt(partials.reduce((sum, each) => sum + each, 0));
  const clip = (limit: number, factor: number): KernelCase => ({
    name: `limit ${limit}`,
    kernel: clipKernel,
    choice: { variants: { row: 'shared' } },
    params: { count: PARTIAL_SUMS, limit },
    buffers: [Float32Array.from(partials), new Float32Array(2)],
    workgroups: [1, 1],
    expected: { 1: [norm, factor] },
  });
  return [
    {
      name: 'twenty thousand numbers',
      kernel: squareSumKernel,
      choice: {},
      params: { count4: 5000 },
      buffers: [x, new Float32Array(PARTIAL_SUMS)],
      workgroups: [64, 1],
      expected: { 1: partials },
    },
    clip(1, 1 / (norm + 1e-6)),
    clip(1e6, 1),
  ];
}
