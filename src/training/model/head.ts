import { crossEntropyGradKernel, crossEntropyKernel } from '../kernels/cross-entropy.ts';
import type { BatchBuffers } from './activations.ts';
import { addNorm, addNormGrad, rowGroups, type LayerContext, type NormShape } from './layer.ts';
import { addLinear, addLinearInputGrad, addLinearWeightGrad, sliceLinear } from './linear.ts';
import { gridOf } from './op-list.ts';
import type { Head } from './trained-model.ts';

/** How much of the logits is there at once: rows with labels, and tokens of the vocabulary; multiples of 64. */
export interface HeadChunks {
  readonly rows: number;
  readonly tokens: number;
}

/** Buffers of the head. */
export interface HeadBuffers extends HeadChunks {
  /** (rows, tokens) logits, then their gradient. */
  readonly logits: GPUBuffer;
  /** Running sums of each row; see `crossEntropyKernel`. */
  readonly state: GPUBuffer;
  readonly scale: GPUBuffer;
  /** 1 / labels of the whole step, written for each. */
  readonly weight: GPUBuffer;
}

/** Logits of a chunk never take more, but for 64 rows of a large vocabulary. */
const LOGITS_BYTES = 16 * 1024 * 1024;
/** Beyond so many tokens the logits of 64 rows are made in parts, all but one of them twice. */
const MAX_TOKENS = 256 * 1024;

/** A compromise between memory and reading the vocabulary's matrix often. Tables have room for whole chunks of rows. */
export function chooseHeadChunks(vocabulary: number, capacity: number): HeadChunks {
  const tokens = Math.min(MAX_TOKENS, Math.ceil(vocabulary / 64) * 64);
  const fits = Math.max(64, Math.floor(LOGITS_BYTES / (4 * tokens) / 64) * 64);
  const chunks = Math.ceil(capacity / fits);
  return { rows: Math.ceil(capacity / chunks / 64) * 64, tokens };
}

/** Loss of the `chunk`-th rows with labels. */
export function addHeadForward(
  context: LayerContext,
  head: Head,
  batch: BatchBuffers,
  buffers: HeadBuffers,
  chunk: number,
): void {
  addNorm(context, chunkNorm(context, batch, buffers, chunk), head.norm, context.activations.normed);
  for (let first = 0; first < context.config.vocabulary; first += buffers.tokens) {
    addLogits(context, head, buffers, first);
    const { ops, reduction } = context;
    const { rows, logits, state } = buffers;
    const params = lossParams(context, buffers, first);
    ops.add({
      kernel: crossEntropyKernel,
      choice: { variants: { row: reduction } },
      params,
      buffers: [part(batch.labels, buffers, chunk), logits, state, part(batch.loss, buffers, chunk)],
      workgroups: rowGroups(reduction, rows),
      flops: 20 * rows * params.count,
    });
  }
}

/** From the loss to the gradient of the last residual, and of the head's weights. */
export function addHeadBackward(
  context: LayerContext,
  head: Head,
  batch: BatchBuffers,
  buffers: HeadBuffers,
  chunk: number,
): void {
  const { ops, config, activations } = context;
  const { rows, tokens, logits, state, weight } = buffers;
  const dLogits = { buffer: logits, stride: tokens };
  const of = (buffer: GPUBuffer) => ({ buffer, stride: config.width });
  const last = Math.floor((config.vocabulary - 1) / tokens) * tokens;
  // Backwards, as the logits of the last part are still there.
  for (let first = last; first >= 0; first -= tokens) {
    if (first < last) addLogits(context, head, buffers, first);
    ops.add({
      kernel: crossEntropyGradKernel,
      params: lossParams(context, buffers, first),
      buffers: [part(batch.labels, buffers, chunk), state, weight, logits],
      workgroups: gridOf(rows * tokens),
      flops: 10 * rows * tokens,
    });
    const slice = sliceOf(context, head, buffers, first);
    addLinearInputGrad(context, slice, rows, dLogits, of(activations.dNormed), first < last);
    addLinearWeightGrad(context, slice, rows, dLogits, of(activations.normed));
  }
  const norm = chunkNorm(context, batch, buffers, chunk);
  addNormGrad(context, norm, head.norm, activations.dNormed, activations.dResidual);
}

function addLogits(context: LayerContext, head: Head, buffers: HeadBuffers, first: number): void {
  const { rows, tokens, logits } = buffers;
  const x = { buffer: context.activations.normed, stride: context.config.width };
  const y = { buffer: logits, stride: tokens };
  addLinear(context, sliceOf(context, head, buffers, first), rows, x, y, { mode: 'nothing' });
}

function sliceOf({ config }: LayerContext, head: Head, { tokens }: HeadBuffers, first: number) {
  return sliceLinear(head.logits, first, Math.min(tokens, config.vocabulary - first));
}

function lossParams({ config }: LayerContext, { rows, tokens }: HeadBuffers, first: number) {
  return { rows, first, count: Math.min(tokens, config.vocabulary - first), stride: tokens };
}

function part(buffer: GPUBuffer, { rows }: HeadBuffers, chunk: number): GPUBufferBinding {
  return { buffer, offset: 4 * rows * chunk, size: 4 * rows };
}

function chunkNorm(context: LayerContext, batch: BatchBuffers, buffers: HeadBuffers, chunk: number): NormShape {
  const { rows } = buffers;
  const x = context.activations.residuals.at(-1);
  if (!x) throw new RangeError('no residual after the last layer');
  const table = { buffer: batch.rows, offset: 16 * rows * chunk, size: 16 * rows };
  return { source: 'listed', rows, table, x, scale: buffers.scale };
}
