import {
  BUFFER_USAGE,
  encodeParams,
  type GpuMemory,
  type Kernel,
  type KernelChoice,
  type ParamsLayout,
  type ParamsOf,
  type PipelineCache,
} from '../../gpu/index.ts';

/** A whole buffer, or a part of one that begins on 256 bytes. */
export type Bound = GPUBuffer | GPUBufferBinding;

/** One command: a dispatch, or zeros for a buffer. */
export type Op =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly size: readonly [number, number];
      /** About how many floating-point operations it is, to cut work into submits. */
      readonly flops: number;
    }
  | { readonly kind: 'clear'; readonly buffer: GPUBuffer };

interface Dispatch<Layout extends ParamsLayout> {
  readonly kernel: Kernel<Layout>;
  readonly choice?: KernelChoice;
  /** Numbers that never change, or a buffer that its owner writes. */
  readonly params: ParamsOf<Layout> | GPUBuffer;
  readonly buffers: readonly Bound[];
  readonly workgroups: readonly [number, number];
  readonly flops?: number;
}

/** Collects commands; `take` compiles and binds those since the last call. */
export interface OpList {
  add<Layout extends ParamsLayout>(dispatch: Dispatch<Layout>): void;
  clear(buffer: GPUBuffer): void;
  /** @throws {GpuError} */
  take(): Promise<readonly Op[]>;
}

const MAX_GROUPS_X = 65_535;

/** Workgroups of 64 for so many invocations; kernels read them as `group.y * groups.x + group.x`. */
export function gridOf(invocations: number): readonly [number, number] {
  const groups = Math.ceil(invocations / 64);
  const rows = Math.ceil(groups / MAX_GROUPS_X);
  return [Math.ceil(groups / rows), rows];
}

export function createOpList(device: GPUDevice, cache: PipelineCache, memory: GpuMemory): OpList {
  let pending: (() => Promise<Op>)[] = [];
  const uniforms = new Map<string, Promise<GPUBuffer>>();
  const uniformOf = (bytes: Uint8Array<ArrayBuffer>) => {
    const key = bytes.join();
    const known = uniforms.get(key);
    if (known) return known;
    const made = memory
      .create('params', bytes.byteLength, BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST)
      .then((buffer) => {
        device.queue.writeBuffer(buffer, 0, bytes);
        return buffer;
      });
    uniforms.set(key, made);
    return made;
  };
  const add = <Layout extends ParamsLayout>({ kernel, choice, params, buffers, ...rest }: Dispatch<Layout>) => {
    pending.push(async () => {
      const isBuffer = 'mapState' in params;
      const uniform = isBuffer ? (params as GPUBuffer) : await uniformOf(encodeParams(kernel.params, params));
      const pipeline = await cache.pipeline(kernel, choice ?? {});
      const group = cache.bindGroup(kernel, [uniform, ...buffers]);
      return { kind: 'dispatch', pipeline, group, size: rest.workgroups, flops: rest.flops ?? 0 };
    });
  };
  return {
    add,
    clear: (buffer) => void pending.push(async () => ({ kind: 'clear', buffer })),
    take: async () => {
      const made = await Promise.all(pending.map((make) => make()));
      pending = [];
      return made;
    },
  };
}
