import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { createMemoryPieceStore, parseGgufHeader } from '../../weights/index.ts';
import { createEngineApi, type EngineEvent } from '../index.ts';
import { isInt8Type } from '../kernels/int8-products.ts';
import { readModelConfig } from '../model/config.ts';
import { reductionLabel, reductionsOf } from '../model/reduction.ts';
import { reachableGpu } from '../testing/reachable-gpu.ts';
import { storeFile } from '../testing/store-file.ts';
import { testModels } from '../testing/test-models.ts';
import { chooseTested } from './self-test.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

test.each(testModels)('the kernels of $name pass in every reduction of this device', async (model) => {
  const header = parseGgufHeader(await model.file());
  const hasInt8Types = header.tensors.some(({ type }) => isInt8Type(type));
  const candidates = reductionsOf(gpu.report).filter(({ products }) => products !== 'int8' || hasInt8Types);
  expect(candidates.length).toBeGreaterThanOrEqual(2);
  for (const candidate of candidates)
    expect(await chooseTested(gpu, cache, header, readModelConfig(header), [candidate])).toBe(candidate);
});

describe('sabotage', () => {
  const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];

  /** A GPU that changes `from` into `to` in the source of each kernel whose label matches. */
  const sabotage = (label: RegExp, from: string | RegExp, to: string, onEdit: () => void = () => undefined) =>
    reachableGpu((device) => {
      const create = device.createShaderModule.bind(device);
      device.createShaderModule = (descriptor) => {
        const code = descriptor.code.replace(from, to);
        if (code === descriptor.code || !label.test(descriptor.label ?? '')) return create(descriptor);
        onEdit();
        return create({ ...descriptor, code });
      };
    });

  async function load(label: RegExp, from: string | RegExp, to: string) {
    const store = createMemoryPieceStore();
    const source = await storeFile(store, (await model?.file()) ?? new Uint8Array(0), 64 * 1024);
    const engine = createEngineApi({ store, gpu: sabotage(label, from, to).gpu });
    const loading = engine.loadModel(source, () => undefined, { contextTokens: 64 });
    return { engine, loading, root: source.root };
  }

  test.each([
    ['f16', 'the second half of an element', /^attention/, 'unpack2x16float(halves.y)', 'unpack2x16float(halves.x)'],
    ['f16', 'a place', /^rope_cache/, 'keys[base + i * PAGE + in_page]', 'keys[base + i * PAGE + in_page / 2u]'],
    ['int8', 'a step', /^attention/, 'bitcast<f32>(values[', '1.1 * bitcast<f32>(values['],
    ['int8', 'a code', /^rope_cache/, 'round(v / step)', 'round(v / step) + vec4f(0.0, 0.0, 0.0, 8.0)'],
  ] as const)('a cache of %s: %s wrong is found out', async (kvType, _, label, from, to) => {
    const opened = await openGpu(sabotage(label, from, to).gpu);
    const header = parseGgufHeader((await model?.file()) ?? new Uint8Array(0));
    const candidates = reductionsOf(opened.report).slice(0, 1);
    const choose = (device: GpuDevice) =>
      chooseTested(device, createPipelineCache(device.device), header, readModelConfig(header), candidates, kvType);
    await expect(choose(opened)).rejects.toMatchObject({ code: 'kernel-wrong' });
    opened.close();
    expect(await choose(gpu)).toEqual(candidates[0]);
  });

  test.each([
    ['a weight', /^matmul/, 'cols(w.w)', 'cols(w.w * 1.01)'],
    ['the last weights of a row', /^matmul/, 'run * 8u < params.k4;', 'run * 8u + 8u < params.k4;'],
    ['a column', /^matmul.*cols=vec4f/, 'fma(cols(w.w), x3', 'fma(cols(w.w), x3 * vec4f(1, 1, 1, 1.01)'],
    ['a norm', /^rms_norm/, 'params.epsilon', '(params.epsilon + 0.1)'],
    ['the turn', /^rope_cache/, 'a * turn.x - b * turn.y', 'a * turn.x + b * turn.y'],
    ['a page', /^attention/, /count = row.z \+ 1u/, 'count = row.z + select(1u, 0u, row.z > 15u)'],
    ['an embedding', /^embed/, 'let w = run_weight4(', 'let w = 1.01 * run_weight4('],
    ['a draw', /^pick/, '-log(negative_log(', '-0.5 * log(negative_log('],
  ])('%s computed wrongly is found out', async (_, label, from, to) => {
    let edits = 0;
    const { gpu: sabotaged } = sabotage(label, from, to, () => edits++);
    const opened = await openGpu(sabotaged);
    const header = parseGgufHeader((await model?.file()) ?? new Uint8Array(0));
    const [first] = reductionsOf(opened.report);
    const testing = chooseTested(opened, createPipelineCache(opened.device), header, readModelConfig(header), [
      first ?? { kind: 'serial', lanes: 1 },
    ]);
    await expect(testing).rejects.toMatchObject({ name: 'EngineError', code: 'kernel-wrong' });
    expect(edits).toBeGreaterThan(0);
    opened.close();
  });

  test.each([
    ['a code', /^round_int8/, 'round(v / step)', 'round(v / step) + vec4f(0.0, 0.0, 0.0, 8.0)'],
    ['a step', /^matmul_int8/, 'bitcast<cols>(x_codes[at + 8u])', '1.1 * bitcast<cols>(x_codes[at + 8u])'],
    ['the last block of a row', /^matmul_int8/, 'run < blocks', 'run + 1u < blocks'],
    ['an offset', /^matmul_int8/, 'CODE_OFFSET = 8', 'CODE_OFFSET = 7'],
  ])('an int8 product with %s wrong is found out', async (_, label, from, to) => {
    const opened = await openGpu(sabotage(label, from, to).gpu);
    const file = await testModels.find(({ name }) => name === 'qwen2-Q4_0')?.file();
    const header = parseGgufHeader(file ?? new Uint8Array(0));
    const first = reductionsOf(opened.report).find(({ products }) => products === 'int8');
    const choose = (device: GpuDevice) =>
      chooseTested(device, createPipelineCache(device.device), header, readModelConfig(header), first ? [first] : []);
    await expect(choose(opened)).rejects.toMatchObject({ code: 'kernel-wrong' });
    opened.close();
    expect(await choose(gpu)).toEqual(first);
  });

  test('a kernel that is wrong in every variant: the model is refused by name', async () => {
    const { engine, loading } = await load(/^attention/, 'sum.x + sum.y', 'sum.x - sum.y');
    await expect(loading).rejects.toMatchObject({ name: 'EngineError', code: 'kernel-wrong' });
    expect((await engine.stats()).gpuBytes).toBe(0);
    await engine.stop();
  });

  test('a variant that is wrong or does not compile is stepped down from', async () => {
    const [first, second] = reductionsOf(gpu.report).map(reductionLabel);
    const label = new RegExp(`^matmul.*(reduce=${first}|^matmul_tall)`);
    for (const to of ['cols(w.w * 1.01)', 'nothing(w.w)']) {
      const { engine, loading, root } = await load(label, 'cols(w.w)', to);
      await loading;
      const events: EngineEvent[] = [];
      const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
      const request = {
        id: 'a',
        model: root,
        prompt: Uint32Array.of(1, 2),
        maxTokens: 2,
        sampling,
        record: 0,
        stop: [],
      };
      await engine.generate(request, (event) => void events.push(event));
      expect(events.at(-1)).toMatchObject({ t: 'done', numericClass: expect.stringContaining(`/${second}/`) });
      await engine.stop();
    }
  });
});
