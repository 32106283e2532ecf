/**
 * WebGPU without surprises: an open device, buffers with an account, kernels of linked WGSL files, compiled once.
 * Stays within WebGPU's default limits; every failure is a `GpuError`.
 *
 * @module
 */
export { MAX_BINDING_BYTES, openGpu, probeGpu, type GpuDevice, type GpuReport } from './device.ts';
export { GpuError, type GpuErrorCode, type GpuErrorDetails } from './errors.ts';
export { allChoices, defineKernel, featuresOf, type BindingKind, type Kernel, type KernelChoice } from './kernel.ts';
export { linkShader, type LinkedShader, type ShaderFile, type ShaderLink } from './link-shader.ts';
export { createGpuMemory, type GpuMemory } from './memory.ts';
export { encodeParams, type ParamsLayout, type ParamsOf } from './params-layout.ts';
export { BUFFER_USAGE, MAP_MODE_READ } from './usage.ts';
export { choiceLabel, createPipelineCache, linkKernel, type PipelineCache } from './pipeline-cache.ts';
