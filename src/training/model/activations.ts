import type { ModelConfig } from '../../engine/index.ts';
import { BUFFER_USAGE, type GpuMemory } from '../../gpu/index.ts';

/** What a layer's forward pass leaves for its backward pass; (rows, width) f32 each. */
export interface LayerTape {
  /** Queries and keys, turned, then values. */
  readonly qkv: GPUBuffer;
  readonly mixed: GPUBuffer;
  /** Log of the sum of each head's and row's attention: (heads, rows). */
  readonly mass: GPUBuffer;
  /** The residual after attention. */
  readonly middle: GPUBuffer;
  /** Gate and up, side by side. */
  readonly gateUp: GPUBuffer;
  readonly attentionScale: GPUBuffer;
  readonly ffnScale: GPUBuffer;
  /** Queries and keys before the norm of heads, in models that have it. */
  readonly rawHeads: GPUBuffer | undefined;
}

/** All activations and gradients of one micro-batch of `rows` rows. */
export interface Activations {
  readonly rows: number;
  /** The residual before each layer, and after the last: (layers + 1) buffers of (rows, width). */
  readonly residuals: readonly GPUBuffer[];
  /** One for each layer, or the same for all, which the backward pass then fills again. */
  readonly tapes: readonly LayerTape[];
  readonly normed: GPUBuffer;
  readonly dNormed: GPUBuffer;
  readonly gated: GPUBuffer;
  readonly dResidual: GPUBuffer;
  readonly dMixed: GPUBuffer;
  readonly dQkv: GPUBuffer;
  readonly delta: GPUBuffer;
  /** A x of a layer's low-rank changes, and the gradient by it; (rows, ranks). */
  readonly low: GPUBuffer;
  readonly dLow: GPUBuffer;
  readonly ranks: number;
}

/** Tables of a micro-batch that the host writes. */
export interface BatchBuffers {
  /** (rows) of (token, position, first row of the segment, row of the m-th label or 0xffffffff). */
  readonly rows: GPUBuffer;
  /** (rows) the labels in that order, -1 beyond the last. */
  readonly labels: GPUBuffer;
  /** (rows) of (token, first, end, 0): which part of `order` holds a token's rows. */
  readonly tokenGroups: GPUBuffer;
  readonly order: GPUBuffer;
  /** (rows) loss of each label. */
  readonly loss: GPUBuffer;
}

const { STORAGE, COPY_DST, COPY_SRC } = BUFFER_USAGE;

/**
 * @param ranks of the low-rank changes that a linear layer has at most, together; 0 without any
 * @throws {GpuError} `out-of-memory`, `limits-too-low`
 */
export async function allocateActivations(
  config: ModelConfig,
  rows: number,
  checkpointing: boolean,
  ranks: number,
  memory: GpuMemory,
): Promise<Activations> {
  const { width, ffnWidth, heads, kvHeads, headSize, layers } = config;
  const qkvWidth = (heads + 2 * kvHeads) * headSize;
  const create = (label: string, columns: number) => memory.create(label, rows * columns * 4, STORAGE | COPY_DST);
  const tape = async (): Promise<LayerTape> => ({
    qkv: await create('qkv', qkvWidth),
    mixed: await create('mixed', heads * headSize),
    mass: await create('mass', heads),
    middle: await create('middle', width),
    gateUp: await create('gate_up', 2 * ffnWidth),
    attentionScale: await create('attention scale', 1),
    ffnScale: await create('ffn scale', 1),
    rawHeads: config.hasHeadNorm ? await create('raw heads', (heads + kvHeads) * headSize) : undefined,
  });
  const residuals: GPUBuffer[] = [];
  for (let i = 0; i <= layers; i++) residuals.push(await create('residual', width));
  const tapes: LayerTape[] = [];
  const shared = checkpointing ? await tape() : undefined;
  for (let i = 0; i < layers; i++) tapes.push(shared ?? (await tape()));
  return {
    rows,
    residuals,
    tapes,
    normed: await create('normed', width),
    dNormed: await create('normed gradient', width),
    gated: await create('gated', ffnWidth),
    dResidual: await create('residual gradient', width),
    dMixed: await create('mixed gradient', heads * headSize),
    dQkv: await create('qkv gradient', qkvWidth),
    delta: await create('delta', heads),
    low: await create('low', ranks),
    dLow: await create('low gradient', ranks),
    ranks,
  };
}

/** @throws {GpuError} `out-of-memory` */
export async function allocateBatch(rows: number, memory: GpuMemory): Promise<BatchBuffers> {
  const create = (label: string, bytes: number, usage = 0) =>
    memory.create(label, rows * bytes, STORAGE | COPY_DST | usage);
  return {
    rows: await create('rows', 16),
    labels: await create('labels', 4),
    tokenGroups: await create('token groups', 16),
    order: await create('order', 4),
    loss: await create('loss', 4, COPY_SRC),
  };
}
