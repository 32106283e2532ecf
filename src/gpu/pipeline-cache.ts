import { invariant } from '../base/invariant.ts';
import { GpuError } from './errors.ts';
import { filesOf, type BindingKind, type Kernel, type KernelChoice } from './kernel.ts';
import { linkShader, type LinkedShader } from './link-shader.ts';

/** `GPUShaderStage.COMPUTE`, which TypeScript 6 does not know in workers. */
const SHADER_STAGE_COMPUTE = 4;

/** Compiled kernels, each variant once; bind groups fit every variant of a kernel, as layouts are explicit. */
export interface PipelineCache {
  /** @throws {GpuError} `shader-invalid` with file and line, or `device-lost` */
  pipeline(kernel: Kernel, choice: KernelChoice): Promise<GPUComputePipeline>;
  /** The layout that all variants of the kernel share. */
  layout(kernel: Kernel): GPUBindGroupLayout;
  /** @param buffers the uniform `params` first, then the kernel's bindings in order; whole, or a part on 256 bytes */
  bindGroup(kernel: Kernel, buffers: readonly (GPUBuffer | GPUBufferBinding)[]): GPUBindGroup;
}

export function createPipelineCache(device: GPUDevice): PipelineCache {
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const layouts = new Map<string, GPUBindGroupLayout>();
  const layout = (kernel: Kernel) => {
    const key = kernel.bindings.join();
    const known = layouts.get(key) ?? createLayout(device, kernel.bindings);
    layouts.set(key, known);
    return known;
  };
  const pipeline = (kernel: Kernel, choice: KernelChoice) => {
    const label = choiceLabel(kernel, choice);
    const known = pipelines.get(label) ?? compile(device, kernel, choice, label, layout(kernel));
    pipelines.set(label, known);
    return known;
  };
  const bindGroup = (kernel: Kernel, buffers: readonly (GPUBuffer | GPUBufferBinding)[]) => {
    invariant(
      buffers.length === kernel.bindings.length + 1,
      `${kernel.name} takes ${kernel.bindings.length + 1} buffers`,
    );
    const entries = buffers.map((part, binding) => ({
      binding,
      resource: 'buffer' in part ? part : { buffer: part },
    }));
    return device.createBindGroup({ label: kernel.name, layout: layout(kernel), entries });
  };
  return { pipeline, layout, bindGroup };
}

/** The kernel and its variant in words, e.g. `matmul format=q4_0 cols=vec4f LANES=1`. */
export function choiceLabel(kernel: Kernel, choice: KernelChoice): string {
  const parts = [choice.variants, choice.aliases, choice.overrides].flatMap((part) => Object.entries(part ?? {}));
  return [kernel.name, ...parts.map(([name, value]) => `${name}=${value}`)].join(' ');
}

/** The module of one variant. */
export function linkKernel(kernel: Kernel, choice: KernelChoice): LinkedShader {
  for (const name of Object.keys(kernel.aliases))
    invariant(choice.aliases?.[name], `${kernel.name} needs type ${name}`);
  return linkShader({ aliases: choice.aliases ?? {}, files: filesOf(kernel, choice) });
}

async function compile(
  device: GPUDevice,
  kernel: Kernel,
  choice: KernelChoice,
  label: string,
  layout: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const { code, locate } = linkKernel(kernel, choice);
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code });
  const scope = device.popErrorScope();
  const defaults = Object.fromEntries(Object.entries(kernel.overrides).map(([name, o]) => [name, o.default]));
  const constants = { ...defaults, ...choice.overrides };
  try {
    const [pipeline] = await Promise.all([
      device.createComputePipelineAsync({
        label,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants },
      }),
      scope,
    ]);
    return pipeline;
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const faults = messages
      .filter(({ type }) => type === 'error')
      .map((fault) => `${locate(fault.lineNum)}: ${fault.message}`);
    const why = faults.join('; ') || (cause instanceof Error ? cause.message : String(cause));
    throw new GpuError('shader-invalid', `${label} did not compile: ${why}`, { label }, { cause });
  }
}

function createLayout(device: GPUDevice, bindings: readonly BindingKind[]): GPUBindGroupLayout {
  const entry = (binding: number, type: GPUBufferBindingType) => ({
    binding,
    visibility: SHADER_STAGE_COMPUTE,
    buffer: { type },
  });
  const storage = bindings.map((kind, i) => entry(i + 1, kind === 'read' ? 'read-only-storage' : 'storage'));
  return device.createBindGroupLayout({ label: bindings.join(), entries: [entry(0, 'uniform'), ...storage] });
}
