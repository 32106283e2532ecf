import { GpuError } from './errors.ts';
import type { ShaderFeature } from './link-shader.ts';

/** What the adapter says of itself; reading it allocates nothing. */
export interface GpuReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True for SwiftShader, WARP and llvmpipe: correct, and slow. */
  readonly isSoftware: boolean;
  readonly hasF16: boolean;
  readonly hasSubgroups: boolean;
  /** Whether shaders may multiply four int8 at once: a feature of the language, so the browser's. */
  readonly hasPackedInt8: boolean;
  /** Lanes of every subgroup; undefined where they vary or there are none. */
  readonly subgroupSize: number | undefined;
  /** Lanes that every subgroup has at least. */
  readonly subgroupMinSize: number | undefined;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

/** An open device. `close` destroys it and everything on it. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly report: GpuReport;
  /** Resolves when the device is gone, with undefined if `close` did it. */
  readonly lost: Promise<GpuError | undefined>;
  /** Set once the device is gone without our doing. */
  readonly lostError: GpuError | undefined;
  close(): void;
}

/** What we ask for above the defaults where the adapter has it: only so that large models need fewer splits. */
const MAX_BUFFER_BYTES = 1024 * 1024 * 1024;
/** Bindings stay within WebGPU's default everywhere, so that every device runs the same splits. */
export const MAX_BINDING_BYTES = 128 * 1024 * 1024;

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|warp|microsoft basic/i;
const OPTIONAL_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

/**
 * @param gpu `navigator.gpu`, or Dawn's in Node
 * @throws {GpuError} `no-webgpu`, `no-adapter`
 */
export async function probeGpu(gpu: GPU | undefined): Promise<GpuReport> {
  return reportOf(await requestAdapter(gpu), gpu);
}

/**
 * Opens a device with WebGPU's default limits and the optional features that the adapter has. An adapter is spent by
 * opening its device (Chromium 156), so a lost device is replaced by calling this again.
 *
 * @throws {GpuError} `no-webgpu`, `no-adapter`, `limits-too-low`, `device-lost` if it was lost while opening
 */
export async function openGpu(gpu: GPU | undefined): Promise<GpuDevice> {
  const adapter = await requestAdapter(gpu);
  const report = reportOf(adapter, gpu);
  const requiredFeatures = OPTIONAL_FEATURES.filter((name) => adapter.features.has(name));
  const requiredLimits = { maxBufferSize: Math.min(adapter.limits.maxBufferSize, MAX_BUFFER_BYTES) };
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ label: 'starling', requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new GpuError(
      'limits-too-low',
      'the adapter refused a device with default limits; update the driver',
      {},
      { cause },
    );
  }
  return watch(device, report);
}

function watch(device: GPUDevice, report: GpuReport): GpuDevice {
  let closed = false;
  let lostError: GpuError | undefined;
  const lost = device.lost.then((info) => {
    if (closed) return undefined;
    lostError = new GpuError(
      'device-lost',
      `device lost (${info.reason}): ${info.message.slice(0, 300)}; load the model again`,
    );
    return lostError;
  });
  const close = () => {
    closed = true;
    device.destroy();
  };
  return {
    device,
    report,
    lost,
    get lostError() {
      return lostError;
    },
    close,
  };
}

async function requestAdapter(gpu: GPU | undefined): Promise<GPUAdapter> {
  if (!gpu)
    throw new GpuError('no-webgpu', 'this browser has no WebGPU here; use a current Chrome, Edge, Safari or Firefox');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new GpuError('no-adapter', 'no GPU adapter is offered; restart the browser or update the driver');
  return adapter;
}

function reportOf(adapter: GPUAdapter, gpu: GPU | undefined): GpuReport {
  const { vendor, architecture, description } = adapter.info;
  const { isFallbackAdapter } = adapter.info;
  return {
    vendor,
    architecture,
    description,
    isSoftware: isFallbackAdapter || SOFTWARE.test(`${vendor} ${architecture} ${description}`),
    hasF16: adapter.features.has('shader-f16'),
    hasSubgroups: adapter.features.has('subgroups'),
    hasPackedInt8: hasLanguageFeature(gpu, 'packed_4x8_integer_dot_product'),
    subgroupSize: subgroupSizeOf(adapter),
    subgroupMinSize: adapter.features.has('subgroups') ? adapter.info.subgroupMinSize : undefined,
    maxBufferBytes: Math.min(adapter.limits.maxBufferSize, MAX_BUFFER_BYTES),
    maxBindingBytes: Math.min(adapter.limits.maxStorageBufferBindingSize, MAX_BINDING_BYTES),
  };
}

/** Older browsers have no such list. */
function hasLanguageFeature(gpu: Partial<Pick<GPU, 'wgslLanguageFeatures'>> | undefined, name: ShaderFeature): boolean {
  return gpu?.wgslLanguageFeatures?.has(name) ?? false;
}

function subgroupSizeOf({ features, info }: GPUAdapter): number | undefined {
  if (!features.has('subgroups')) return undefined;
  const { subgroupMinSize, subgroupMaxSize } = info;
  return subgroupMinSize === subgroupMaxSize ? subgroupMinSize : undefined;
}
