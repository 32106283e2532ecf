import { expect, test } from 'vitest';
import { openGpu, probeGpu } from './device.ts';
import { defineKernel } from './kernel.ts';
import { createGpuMemory } from './memory.ts';
import { createPipelineCache } from './pipeline-cache.ts';
import { BUFFER_USAGE } from './usage.ts';

test('the numbers of the usages are those of this browser', () => {
  const { GPUBufferUsage, GPUMapMode, GPUShaderStage } = globalThis as unknown as Record<
    string,
    Record<string, number>
  >;
  for (const [name, value] of Object.entries(BUFFER_USAGE)) expect(GPUBufferUsage?.[name]).toBe(value);
  expect([GPUMapMode?.['READ'], GPUShaderStage?.['COMPUTE']]).toEqual([1, 4]);
});

test('a device is opened within the default limits and tells of its loss', async () => {
  const gpu = await openGpu(navigator.gpu);
  const { limits } = gpu.device;
  expect(limits.maxStorageBufferBindingSize).toBe(128 * 1024 * 1024);
  expect(limits.maxComputeWorkgroupStorageSize).toBe(16_384);
  expect(limits.maxComputeInvocationsPerWorkgroup).toBe(256);
  expect(limits.maxStorageBuffersPerShaderStage).toBe(8);
  expect(gpu.report).toEqual(await probeGpu(navigator.gpu));
  gpu.device.destroy();
  expect(await gpu.lost).toMatchObject({ name: 'GpuError', code: 'device-lost' });
  expect(gpu.lostError?.code).toBe('device-lost');
  const closed = await openGpu(navigator.gpu);
  closed.close();
  expect(await closed.lost).toBeUndefined();
});

test('without WebGPU or an adapter the error says which', async () => {
  await expect(openGpu(undefined)).rejects.toMatchObject({ code: 'no-webgpu' });
  await expect(openGpu({ requestAdapter: async () => null } as unknown as GPU)).rejects.toMatchObject({
    code: 'no-adapter',
  });
});

test('memory keeps account and refuses by name', async () => {
  const gpu = await openGpu(navigator.gpu);
  const memory = createGpuMemory(gpu.device, 1000);
  const first = await memory.create('first', 401, BUFFER_USAGE.STORAGE);
  expect(memory.allocatedBytes).toBe(404);
  await expect(memory.create('second', 700, BUFFER_USAGE.STORAGE)).rejects.toMatchObject({ code: 'out-of-memory' });
  memory.free(first);
  memory.free(first);
  expect(memory.allocatedBytes).toBe(0);
  expect(memory.peakBytes, 'the most there were').toBe(404);
  await expect(memory.create('huge', 2 ** 40, BUFFER_USAGE.STORAGE)).rejects.toMatchObject({ code: 'limits-too-low' });
  // SwiftShader has no gibibyte in one piece though its limits say so; a real GPU may have it.
  const unbounded = createGpuMemory(gpu.device);
  if (gpu.report.isSoftware) {
    await expect(unbounded.create('gibibyte', gpu.report.maxBufferBytes, BUFFER_USAGE.STORAGE)).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    expect(unbounded.allocatedBytes).toBe(0);
  }
  gpu.close();
});

test('a kernel that does not compile names file and line', async () => {
  const gpu = await openGpu(navigator.gpu);
  const broken = defineKernel({
    name: 'broken',
    params: { n: 'u32' },
    bindings: ['read_write'],
    variants: { lib: { a: { name: 'lib_a.wgsl', code: 'fn lib() -> u32 {\n  return 1u;\n}' } } },
    aliases: {},
    overrides: {},
    kernel: { name: 'broken.wgsl', code: '@compute @workgroup_size(1)\nfn main() {\n  let x = missing();\n}' },
  });
  const compiling = createPipelineCache(gpu.device).pipeline(broken, { variants: { lib: 'a' } });
  await expect(compiling).rejects.toMatchObject({
    code: 'shader-invalid',
    message: expect.stringContaining('broken.wgsl:3'),
  });
  gpu.close();
});
