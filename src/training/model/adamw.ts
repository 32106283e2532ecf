import { BUFFER_USAGE, encodeParams, type GpuMemory, type PipelineCache } from '../../gpu/index.ts';
import {
  adamw8bitKernel,
  adamwKernel,
  clipKernel,
  MOMENT_BLOCK,
  PARTIAL_SUMS,
  squareSumKernel,
} from '../kernels/optimizer.ts';
import { dynamicMap } from './dynamic-map.ts';
import { createOpList, gridOf, type Op } from './op-list.ts';

/** How a step turns gradients into new parameters. */
export interface AdamwOptions {
  readonly learningRate: number;
  /** Default 0.01, on matrices only. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** The largest norm of all gradients together, default 1. */
  readonly clip?: number;
}

/** A buffer and how much of it counts. */
export interface StateBuffer {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** Bits of a moment: 8 are a quarter of the memory, for slightly rougher steps. */
export type MomentBits = 8 | 32;

/** AdamW over one flat array, with its moments. */
export interface Adamw {
  readonly ops: readonly Op[];
  /** Everything that the next step depends on, by name: moments, and their scales if they have 8 bits. */
  readonly state: { readonly m: StateBuffer; readonly v: StateBuffer; readonly scales: StateBuffer | undefined };
  /** (norm of the gradients, the factor that was put on them) after a step. */
  readonly clip: GPUBuffer;
  /** Writes the numbers of the `step`-th step, from 1, before `ops` are submitted. */
  prepare(step: number, options: AdamwOptions): void;
}

const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = BUFFER_USAGE;

/**
 * @param flat its length a multiple of 256 for moments of 8 bits
 * @throws {GpuError}
 */
export async function createAdamw(
  device: GPUDevice,
  cache: PipelineCache,
  memory: GpuMemory,
  flat: { parameters: GPUBuffer; gradients: GPUBuffer; length: number; decayedLength: number },
  momentBits: MomentBits = 32,
): Promise<Adamw> {
  const create = (label: string, bytes: number, usage: number) => memory.create(label, bytes, usage | COPY_DST);
  const state = async (label: string, bytes: number): Promise<StateBuffer> => ({
    buffer: await create(label, bytes, STORAGE | COPY_SRC),
    bytes,
  });
  const m = await state('first moments', (flat.length * momentBits) / 8);
  const v = await state('second moments', (flat.length * momentBits) / 8);
  const scales = momentBits === 8 ? await state('scales of moments', (flat.length / MOMENT_BLOCK) * 8) : undefined;
  const partials = await create('partial sums', PARTIAL_SUMS * 4, STORAGE);
  const clip = await create('clip', 8, STORAGE | COPY_SRC);
  const clipParams = await create('clip params', 16, UNIFORM);
  const adamwParams = await create('adamw params', 48, UNIFORM);
  const count4 = flat.length / 4;
  const ops = createOpList(device, cache, memory);
  ops.add({
    kernel: squareSumKernel,
    params: { count4 },
    buffers: [flat.gradients, partials],
    workgroups: [64, 1],
    flops: 2 * flat.length,
  });
  ops.add({
    kernel: clipKernel,
    choice: { variants: { row: 'shared' } },
    params: clipParams,
    buffers: [partials, clip],
    workgroups: [1, 1],
  });
  const size = { params: adamwParams, workgroups: gridOf(count4), flops: 15 * flat.length };
  if (scales) {
    const books = await create('books of moments', 2048, STORAGE);
    device.queue.writeBuffer(books, 0, dynamicMap(true));
    device.queue.writeBuffer(books, 1024, dynamicMap(false));
    const buffers = [flat.gradients, clip, books, flat.parameters, m.buffer, v.buffer, scales.buffer];
    ops.add({ kernel: adamw8bitKernel, choice: { variants: { row: 'shared' } }, buffers, ...size });
  } else {
    const buffers = [flat.gradients, clip, flat.parameters, m.buffer, v.buffer];
    ops.add({ kernel: adamwKernel, buffers, ...size });
  }
  const prepare = (step: number, options: AdamwOptions) => {
    const { learningRate, weightDecay = 0.01, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    device.queue.writeBuffer(
      clipParams,
      0,
      encodeParams(clipKernel.params, { count: PARTIAL_SUMS, limit: options.clip ?? 1 }),
    );
    const params = encodeParams(adamwKernel.params, {
      count4,
      decayed4: flat.decayedLength / 4,
      rate: learningRate,
      decay: weightDecay,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      epsilon,
      c1: 1 / (1 - beta1 ** step),
      c2: 1 / (1 - beta2 ** step),
    });
    device.queue.writeBuffer(adamwParams, 0, params);
  };
  return { ops: await ops.take(), state: { m, v, scales }, clip, prepare };
}
