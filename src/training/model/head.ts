import { crossEntropyKernel } from '../kernels/cross-entropy.ts';
import type { BatchBuffers } from './activations.ts';
import { addNorm, addNormGrad, rowGroups, type Gain, type LayerContext, type NormShape } from './layer.ts';
import { addLinear, addLinearInputGrad, addLinearWeightGrad, type Linear } from './linear.ts';

/** The last norm and the product with the vocabulary. */
export interface Head {
  readonly norm: Gain;
  readonly logits: Linear;
}

/** Buffers of the head: it takes only rows with labels, `rows` of them at a time. */
export interface HeadBuffers {
  /** A multiple of 64, so that every chunk's tables begin on 256 bytes. */
  readonly rows: number;
  /** (rows, stride) logits, then their gradient. */
  readonly logits: GPUBuffer;
  /** The vocabulary rounded up to 4. */
  readonly stride: number;
  readonly scale: GPUBuffer;
  /** Parameters of the loss, written for each step: they hold 1 / labels of the whole step. */
  readonly lossParams: GPUBuffer;
}

/** Logits of a chunk never take more, but for 64 rows of a large vocabulary. */
const LOGITS_BYTES = 16 * 1024 * 1024;

/**
 * Rows of a chunk, a multiple of 64: a compromise between memory and reading the vocabulary's matrix often. Tables have room
 * for whole chunks.
 */
export function headRows(vocabulary: number, capacity: number): number {
  const fits = Math.max(64, Math.floor(LOGITS_BYTES / (4 * vocabulary) / 64) * 64);
  const chunks = Math.ceil(capacity / fits);
  return Math.ceil(capacity / chunks / 64) * 64;
}

/** Logits, loss and the logits' gradient of the `chunk`-th rows with labels. */
export function addHeadForward(
  context: LayerContext,
  head: Head,
  batch: BatchBuffers,
  buffers: HeadBuffers,
  chunk: number,
): void {
  const { ops, config, reduction, activations } = context;
  const { rows, stride, logits } = buffers;
  addNorm(context, chunkNorm(context, batch, buffers, chunk), head.norm, activations.normed);
  const x = { buffer: activations.normed, stride: config.width };
  addLinear(context, head.logits, rows, x, { buffer: logits, stride }, { mode: 'nothing' });
  const part = (buffer: GPUBuffer) => ({ buffer, offset: 4 * rows * chunk, size: 4 * rows });
  ops.add({
    kernel: crossEntropyKernel,
    choice: { variants: { row: reduction } },
    params: buffers.lossParams,
    buffers: [part(batch.labels), logits, part(batch.loss)],
    workgroups: rowGroups(reduction, rows),
    flops: 20 * rows * config.vocabulary,
  });
}

/** From the logits' gradient to that of the last residual, and of the head's weights. */
export function addHeadBackward(
  context: LayerContext,
  head: Head,
  batch: BatchBuffers,
  buffers: HeadBuffers,
  chunk: number,
): void {
  const { config, activations } = context;
  const { rows, stride, logits } = buffers;
  const dLogits = { buffer: logits, stride };
  const of = (buffer: GPUBuffer) => ({ buffer, stride: config.width });
  addLinearInputGrad(context, head.logits, rows, dLogits, of(activations.dNormed));
  addLinearWeightGrad(context, head.logits, rows, dLogits, of(activations.normed));
  const norm = chunkNorm(context, batch, buffers, chunk);
  addNormGrad(context, norm, head.norm, activations.dNormed, activations.dResidual);
}

function chunkNorm(context: LayerContext, batch: BatchBuffers, buffers: HeadBuffers, chunk: number): NormShape {
  const { rows } = buffers;
  const x = context.activations.residuals.at(-1);
  if (!x) throw new RangeError('no residual after the last layer');
  const table = { buffer: batch.rows, offset: 16 * rows * chunk, size: 16 * rows };
  return { source: 'listed', rows, table, x, scale: buffers.scale };
}
