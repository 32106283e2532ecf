import type { ModelConfig } from '../../engine/index.ts';
import { attentionFor, type AttentionKind } from '../kernels/attention.ts';
import { headNormGradKernel, trainHeadNormKernel } from '../kernels/head-norm.ts';
import { gainGradKernel, rmsNormGradKernel, trainRmsNormKernel } from '../kernels/rms-norm.ts';
import { trainRopeKernel } from '../kernels/rope.ts';
import { ROWS_PER_GROUP, type RowReduction } from '../kernels/row-reduction.ts';
import { swigluGradKernel, trainSwigluKernel } from '../kernels/swiglu.ts';
import type { Activations, LayerTape } from './activations.ts';
import { addAdaptedInputGrad, addAdaptedLinear, addAdaptedWeightGrad, type AdaptedContext } from './adapted-linear.ts';
import { gridOf, type Bound } from './op-list.ts';
import type { Gain, Layer } from './trained-model.ts';

/** What all layers share. */
export interface LayerContext extends AdaptedContext {
  readonly config: ModelConfig;
  readonly reduction: RowReduction;
  readonly attention: AttentionKind;
  readonly activations: Activations;
  /** See `BatchBuffers.rows`. */
  readonly rows: Bound;
  /** (positions, rotary / 2) of (cos, sin). */
  readonly angles: GPUBuffer;
}

/** A norm over `rows` rows of x: of the rows themselves, or of those that the table lists. */
export interface NormShape {
  readonly source: 'same' | 'listed';
  readonly rows: number;
  readonly table: Bound;
  readonly x: Bound;
  readonly scale: Bound;
}

export function addNorm(context: LayerContext, shape: NormShape, gain: Gain, y: Bound): void {
  const { ops, config, reduction, activations } = context;
  ops.add({
    kernel: trainRmsNormKernel,
    choice: { variants: { row: reduction, source: shape.source } },
    params: { rows: shape.rows, x_rows: activations.rows, k4: config.width / 4, epsilon: config.epsilon },
    buffers: [shape.x, gain.weights, shape.table, y, shape.scale],
    workgroups: rowGroups(reduction, shape.rows),
    flops: 4 * shape.rows * config.width,
  });
}

/** Adds the gradient of the norm's input to `dx`, and that of its gain. */
export function addNormGrad(context: LayerContext, shape: NormShape, gain: Gain, dy: Bound, dx: Bound): void {
  const { ops, config, reduction, activations } = context;
  const params = { rows: shape.rows, x_rows: activations.rows, k4: config.width / 4 };
  const flops = 8 * shape.rows * config.width;
  if (gain.gradient)
    ops.add({
      kernel: gainGradKernel,
      choice: { variants: { source: shape.source } },
      params,
      buffers: [dy, shape.x, shape.table, shape.scale, gain.gradient],
      workgroups: [Math.ceil(config.width / 256), 1],
      flops,
    });
  ops.add({
    kernel: rmsNormGradKernel,
    choice: { variants: { row: reduction, source: shape.source } },
    params,
    buffers: [dy, shape.x, gain.weights, shape.table, shape.scale, dx],
    workgroups: rowGroups(reduction, shape.rows),
    flops,
  });
}

export function rowGroups(reduction: RowReduction, rows: number): readonly [number, number] {
  return [Math.ceil(rows / ROWS_PER_GROUP[reduction]), 1];
}

/** The layer up to its last product: everything that its backward pass reads. */
export function addLayerForward(context: LayerContext, index: number, layer: Layer): void {
  const { ops, config, activations } = context;
  const { rows, normed, gated } = activations;
  const { x, tape } = placesOf(activations, index);
  const { width, ffnWidth } = config;
  const qkvWidth = layer.qkv.outputs;
  const bias = layer.bias ? ({ mode: 'bias', buffer: layer.bias } as const) : ({ mode: 'nothing' } as const);
  addNorm(context, normShape(context, x, tape.attentionScale), layer.attentionNorm, normed);
  const of = (buffer: GPUBuffer, stride: number) => ({ buffer, stride });
  addAdaptedLinear(context, layer.qkv, rows, of(normed, width), of(tape.qkv, qkvWidth), bias);
  addHeadNorm(context, layer, tape);
  addRope(context, tape.qkv, 1);
  addAttention(context, tape);
  addAdaptedLinear(context, layer.output, rows, of(tape.mixed, layer.output.inputs), of(tape.middle, width), {
    mode: 'residual',
    buffer: x,
  });
  addNorm(context, normShape(context, tape.middle, tape.ffnScale), layer.ffnNorm, normed);
  addAdaptedLinear(context, layer.gateUp, rows, of(normed, width), of(tape.gateUp, 2 * ffnWidth), { mode: 'nothing' });
  ops.add({
    kernel: trainSwigluKernel,
    params: { rows, width4: ffnWidth / 4 },
    buffers: [tape.gateUp, gated],
    workgroups: gridOf((rows * ffnWidth) / 4),
    flops: 12 * rows * ffnWidth,
  });
}

/** The layer's last product: the residual of the next. Needless when the layer is only computed again. */
export function addLayerOutput(context: LayerContext, index: number, layer: Layer): void {
  const { config, activations } = context;
  const { y, tape } = placesOf(activations, index);
  const x = { buffer: activations.gated, stride: config.ffnWidth };
  addAdaptedLinear(
    context,
    layer.down,
    activations.rows,
    x,
    { buffer: y, stride: config.width },
    {
      mode: 'residual',
      buffer: tape.middle,
    },
  );
}

/**
 * Turns the gradient of the layer's output in `dResidual` into that of its input, and adds those of its weights.
 *
 * @param needsInput false where nothing before the layer is trained
 */
export function addLayerBackward(context: LayerContext, index: number, layer: Layer, needsInput: boolean): void {
  const { ops, config, activations } = context;
  const { rows, normed, dNormed, gated, dResidual, dMixed, dQkv } = activations;
  const { x, tape } = placesOf(activations, index);
  const { width, ffnWidth } = config;
  const of = (buffer: GPUBuffer, stride: number) => ({ buffer, stride });
  const d = of(dResidual, width);
  addAdaptedInputGrad(context, layer.down, rows, d, of(gated, ffnWidth));
  ops.add({
    kernel: swigluGradKernel,
    params: { rows, width4: ffnWidth / 4 },
    buffers: [tape.gateUp, gated],
    workgroups: gridOf((rows * ffnWidth) / 4),
    flops: 20 * rows * ffnWidth,
  });
  addAdaptedWeightGrad(context, layer.down, rows, d, of(gated, ffnWidth));
  const ffnNorm = normShape(context, tape.middle, tape.ffnScale);
  const dGateUp = of(tape.gateUp, 2 * ffnWidth);
  addAdaptedInputGrad(context, layer.gateUp, rows, dGateUp, of(dNormed, width));
  addNorm(context, ffnNorm, layer.ffnNorm, normed);
  addAdaptedWeightGrad(context, layer.gateUp, rows, dGateUp, of(normed, width));
  addNormGrad(context, ffnNorm, layer.ffnNorm, dNormed, dResidual);

  addAdaptedInputGrad(context, layer.output, rows, d, of(dMixed, layer.output.inputs));
  addAdaptedWeightGrad(context, layer.output, rows, d, of(tape.mixed, layer.output.inputs));
  addAttentionGrad(context, tape);
  addRope(context, dQkv, -1);
  addHeadNormGrad(context, layer, tape);
  const attentionNorm = normShape(context, x, tape.attentionScale);
  const dProjected = of(dQkv, layer.qkv.outputs);
  addAdaptedInputGrad(context, layer.qkv, rows, dProjected, needsInput ? of(dNormed, width) : undefined);
  addNorm(context, attentionNorm, layer.attentionNorm, normed);
  addAdaptedWeightGrad(context, layer.qkv, rows, dProjected, of(normed, width));
  if (needsInput) addNormGrad(context, attentionNorm, layer.attentionNorm, dNormed, dResidual);
}

function placesOf(activations: Activations, index: number): { x: GPUBuffer; y: GPUBuffer; tape: LayerTape } {
  const x = activations.residuals[index];
  const y = activations.residuals[index + 1];
  const tape = activations.tapes[index];
  if (!x || !y || !tape) throw new RangeError(`no activations for layer ${index}`);
  return { x, y, tape };
}

function normShape({ activations, rows }: LayerContext, x: Bound, scale: Bound): NormShape {
  return { source: 'same', rows: activations.rows, table: rows, x, scale };
}

function addRope({ ops, config, activations, rows, angles }: LayerContext, x: GPUBuffer, sign: 1 | -1): void {
  const { heads, kvHeads, headSize, rotary } = config;
  ops.add({
    kernel: trainRopeKernel,
    choice: { variants: { rope: config.ropeStyle } },
    params: {
      rows: activations.rows,
      heads: heads + kvHeads,
      head_size: headSize,
      rotary,
      stride: (heads + 2 * kvHeads) * headSize,
      sign,
    },
    buffers: [rows, angles, x],
    workgroups: gridOf((activations.rows * (heads + kvHeads) * rotary) / 2),
    flops: 3 * activations.rows * (heads + kvHeads) * rotary,
  });
}

function headNormParams({ config, activations }: LayerContext, at: number) {
  const { heads, kvHeads, headSize, epsilon } = config;
  return { rows: activations.rows, heads, kv_heads: kvHeads, head4: headSize / 4, gain_at: at, epsilon };
}

function addHeadNorm(context: LayerContext, { headGains }: Layer, { qkv, rawHeads }: LayerTape): void {
  if (!headGains || !rawHeads) return;
  const { ops, config, activations } = context;
  const heads = activations.rows * (config.heads + config.kvHeads);
  ops.add({
    kernel: trainHeadNormKernel,
    params: headNormParams(context, headGains.at),
    buffers: [headGains.weights, qkv, rawHeads],
    workgroups: gridOf(heads),
    flops: 4 * heads * config.headSize,
  });
}

function addHeadNormGrad(context: LayerContext, { headGains }: Layer, { rawHeads }: LayerTape): void {
  if (!headGains || !rawHeads) return;
  const { ops, config, activations } = context;
  const heads = activations.rows * (config.heads + config.kvHeads);
  ops.add({
    kernel: headNormGradKernel,
    params: headNormParams(context, headGains.at),
    buffers: [headGains.weights, rawHeads, activations.dQkv],
    workgroups: gridOf(heads),
    flops: 10 * heads * config.headSize,
  });
}

function attentionParams({ config, activations }: LayerContext) {
  const { heads, kvHeads, headSize } = config;
  return { rows: activations.rows, heads, kv_heads: kvHeads, sigma: 1 / Math.sqrt(headSize) };
}

/** A guess for the pacing of submits: segments are as long as half the batch. */
function attentionFlops({ config, activations }: LayerContext): number {
  return (activations.rows ** 2 / 4) * config.heads * config.headSize * 4;
}

function addAttention(context: LayerContext, tape: LayerTape): void {
  const { ops, config, rows, activations, attention } = context;
  const { forward, choice } = attentionFor(attention, config.headSize);
  ops.add({
    kernel: forward,
    choice,
    params: attentionParams(context),
    buffers: [rows, tape.qkv, tape.mixed, tape.mass],
    workgroups: gridOf(activations.rows * config.heads),
    flops: attentionFlops(context),
  });
}

function addAttentionGrad(context: LayerContext, tape: LayerTape): void {
  const { ops, config, rows, activations, attention } = context;
  const { dMixed, dQkv, delta } = activations;
  const { queryGrad, keyValueGrad, choice } = attentionFor(attention, config.headSize);
  const params = attentionParams(context);
  ops.add({
    kernel: queryGrad,
    choice,
    params,
    buffers: [rows, tape.qkv, tape.mixed, dMixed, tape.mass, delta, dQkv],
    workgroups: gridOf(activations.rows * config.heads),
    flops: 1.5 * attentionFlops(context),
  });
  ops.add({
    kernel: keyValueGrad,
    choice,
    params,
    buffers: [rows, tape.qkv, dMixed, tape.mass, delta, dQkv],
    workgroups: gridOf(activations.rows * config.kvHeads),
    flops: 2 * attentionFlops(context),
  });
}
