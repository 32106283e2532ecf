import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runKernel } from '../../engine/testing/run-kernel.ts';
import { createPipelineCache, openGpu, type GpuDevice, type Kernel, type PipelineCache } from '../../gpu/index.ts';
import { attentionCases, ropeCases } from '../testing/cases/attention-cases.ts';
import type { KernelCase } from '../testing/cases/kernel-case.ts';
import { crossEntropyCases, embeddingGradCases, swigluCases } from '../testing/cases/loss-cases.ts';
import { headNormCases, normCases } from '../testing/cases/norm-cases.ts';
import { adamw8bitCases, adamwCases, clipCases, decodeMoments } from '../testing/cases/optimizer-cases.ts';
import { inputGradCases, linearCases, weightGradCases } from '../testing/cases/product-cases.ts';
import { relativeError } from '../testing/random-model.ts';
import { productsFor } from './choose-products.ts';
import { FROZEN_FORMATS, type WeightFormat } from './nf4.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

/** Relative L2 of an f32 kernel from its f64 reference. */
const TOLERANCE = 1e-5;
/** What a wrong kernel must differ by at least. */
const WRONG = 1e-3;

/** The worst relative error over the outputs of a case, run by `kernel`. */
async function errorOf(each: KernelCase, kernel: Kernel = each.kernel): Promise<number> {
  const found = await runKernel(gpu, cache, { ...each, kernel });
  const errors = Object.entries(each.expected).map(([binding, expected]) =>
    relativeError(new Float32Array(found[Number(binding)] ?? new ArrayBuffer(0)), expected),
  );
  // NaN counts as wrong.
  return errors.every((error) => error < Number.POSITIVE_INFINITY) ? Math.max(...errors) : Number.POSITIVE_INFINITY;
}

const plain = productsFor({ isSoftware: false });
/** As SwiftShader has it. */
const software = productsFor({ isSoftware: true, subgroupSize: 4 });
const types = Object.keys(FROZEN_FORMATS) as WeightFormat[];
const others = [
  ...normCases(),
  ...headNormCases(),
  ...attentionCases(),
  ...ropeCases(),
  ...crossEntropyCases(),
  ...swigluCases(),
  ...embeddingGradCases(),
  ...adamwCases(),
  ...adamw8bitCases(),
  ...clipCases(),
  ...weightGradCases(plain),
];

test.each(types)('products over %s agree with their reference in both directions', async (type) => {
  const kinds = [plain, productsFor(gpu.report, 'subgroups'), software];
  const cases = kinds.flatMap((products) => [...linearCases(products, type), ...inputGradCases(products, type)]);
  // What two kinds have in common is run once.
  for (const each of new Map(cases.map((one) => [`${one.kernel.name}: ${one.name}`, one])).values())
    expect(await errorOf(each), `${each.kernel.name}: ${each.name}`).toBeLessThan(TOLERANCE);
});

test.each([...new Set(others.map(({ kernel }) => kernel.name))])('%s agrees with its reference', async (name) => {
  for (const each of others.filter(({ kernel }) => kernel.name === name))
    expect(await errorOf(each), each.name).toBeLessThan(TOLERANCE);
});

test('products of weights by subgroups agree with their reference', async () => {
  for (const each of weightGradCases(productsFor(gpu.report, 'subgroups')))
    expect(await errorOf(each), each.name).toBeLessThan(TOLERANCE);
});

test('8-bit moments keep the nearest code, and no second moment becomes nothing', async () => {
  const [each] = adamw8bitCases();
  const [m32] = adamwCases();
  expect(each && m32).toBeDefined();
  if (!each) return;
  const found = await runKernel(gpu, cache, each);
  const [m, v] = [4, 5].map((i) => new Uint8Array(found[i] ?? new ArrayBuffer(0))) as [Uint8Array, Uint8Array];
  const scales = new Float32Array(found[6] ?? new ArrayBuffer(0));
  const before = decodeMoments(
    each.buffers[4] as Uint8Array,
    each.buffers[5] as Uint8Array,
    each.buffers[6] as Float32Array,
  );
  const decoded = decodeMoments(m, v, scales);
  const gradients = each.buffers[0] as Float32Array;
  let worst = 0;
  decoded.m.forEach((value, i) => {
    const scale = scales[2 * Math.floor(i / 256)] ?? 1;
    const exact = 0.9 * (before.m[i] ?? 0) + 0.1 * 0.5 * (gradients[i] ?? 0);
    worst = Math.max(worst, Math.abs(value - exact) / scale);
  });
  // Half of the widest step between codes, 0.9 / 64 of the scale.
  expect(worst).toBeLessThan(0.00704);
  expect(decoded.v.every((value) => value > 0)).toBe(true);
});

/** For every kernel of the backward pass a wrong turn: what it says, and what it says instead. */
const MUTATIONS: readonly (readonly [kernel: string, right: string, wrong: string])[] = [
  ['train_linear_input_grad', 'wa * g0', 'wa * -g0'],
  ['train_linear_input_grad', 'fma(vec4f(params.scale), sums, dx[at])', 'fma(vec4f(-params.scale), sums, dx[at])'],
  ['train_linear_input_grad', 'params.scale * sums', 'sums'],
  ['train_linear_input_grad_tall', 'wd * g11', 'wd * -g11'],
  ['train_linear_input_grad_tall', 'min(row + 8u, params.rows - 8u)', 'row'],
  ['train_linear_weight_grad', 'a0 += g.x * xa', 'a0 -= g.x * xa'],
  ['train_linear_weight_grad', 'fma(vec4f(params.scale), sums, dw[at])', 'params.scale * sums'],
  ['train_rms_norm_grad', '- x[at + k] * r * mean', '+ x[at + k] * r * mean'],
  ['train_rms_norm_grad', 'r / f32(4u * params.k4)', 'r'],
  ['train_gain_grad', 'dgain[k] += sum', 'dgain[k] -= sum'],
  ['train_head_norm_grad', '- raw[head.raw_at + d] * r * mean', '+ raw[head.raw_at + d] * r * mean'],
  ['train_head_norm_grad', '4u * params.head4, h >= params.heads', '4u * params.head4, h > params.heads'],
  ['train_rope', 'vec2f(1.0, params.sign)', 'vec2f(1.0, 1.0)'],
  ['train_attention_query_grad', '(dp - own)', '(dp + own)'],
  ['train_attention_query_grad', 'var j = rows[t].z', 'var j = 0u'],
  ['train_attention_key_value_grad', '(dp - delta[', '(dp + delta['],
  ['train_attention_key_value_grad', 'dv[d] += p * dout', 'dv[d] -= p * dout'],
  ['train_attention_key_value_grad', 'var i = j;', 'var i = 0u;'],
  ['train_attention_query_grad_tile', '(dp[r] - own[r])', '(dp[r] + own[r])'],
  ['train_attention_query_grad_tile', 'keys >= vec4u(start)', 'keys >= vec4u(0u)'],
  ['train_attention_key_value_grad_tile', '(dp[r] - delta[at])', '(dp[r] + delta[at])'],
  ['train_attention_key_value_grad_tile', 'dv[d] += ', 'dv[d] -= '],
  ['train_attention_key_value_grad_tile', 'transpose(ds)', 'ds'],
  ['train_attention_key_value_grad_tile', 'keys <= vec4u(row)', 'keys <= vec4u(row + 1u)'],
  ['train_swiglu_grad', '(1.0 + e * (1.0 - sigmoid))', '(1.0 - e * (1.0 - sigmoid))'],
  ['train_swiglu_grad', 'g * e * sigmoid', '-g * e * sigmoid'],
  ['train_cross_entropy_grad', '(p - target_mass)', '(p + target_mass)'],
  ['train_cross_entropy_grad', '* weight[0]', ''],
  ['train_embedding_grad', '+= sum;', '-= sum;'],
];

const backward = [...others, ...inputGradCases(plain, 'Q8_0'), ...inputGradCases(software, 'Q4_K')];

describe('a kernel turned wrong is found:', () => {
  test.each(MUTATIONS)('%s with %s as %s', async (name, right, wrong) => {
    const cases = backward.filter(({ kernel }) => kernel.name === name);
    const errors: number[] = [];
    for (const each of cases) {
      const turn = (file: Kernel['kernel']) => ({ ...file, code: file.code.replaceAll(right, wrong) });
      const { kernel, libraries = [] } = each.kernel;
      expect(
        [kernel, ...libraries].some(({ code }) => code.includes(right)),
        'the text to turn',
      ).toBe(true);
      const turned = {
        ...each.kernel,
        name: `${name}: ${right} → ${wrong}`,
        kernel: turn(kernel),
        libraries: libraries.map(turn),
      };
      errors.push(await errorOf(each, turned));
    }
    expect(Math.max(...errors)).toBeGreaterThan(WRONG);
  });
  test('no kernel of the backward pass is left out', () => {
    const names = backward.map(({ kernel }) => kernel.name).filter((name) => name.includes('_grad'));
    const turned = new Set(MUTATIONS.map(([name]) => name));
    expect([...new Set(names)].filter((name) => !turned.has(name))).toEqual([]);
  });
});
