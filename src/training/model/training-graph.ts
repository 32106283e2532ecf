import type { ModelConfig } from '../../engine/index.ts';
import { embeddingGradKernel, trainEmbedKernel } from '../kernels/embedding.ts';
import type { AttentionKind } from '../kernels/attention.ts';
import type { Products } from '../kernels/choose-products.ts';
import type { RowReduction } from '../kernels/row-reduction.ts';
import type { Activations, BatchBuffers } from './activations.ts';
import { addHeadBackward, addHeadForward, type HeadBuffers } from './head.ts';
import { addLayerBackward, addLayerForward, addLayerOutput, type LayerContext } from './layer.ts';
import { gridOf, type Op, type OpList } from './op-list.ts';
import type { TrainedModel } from './trained-model.ts';

/** The commands of a micro-batch, prepared once. */
export interface TrainingGraph {
  /** From tokens to the last residual. */
  readonly forward: readonly Op[];
  /** Loss of each chunk of rows with labels, and with `backward` the gradients of the head. */
  readonly heads: readonly { readonly forward: readonly Op[]; readonly backward: readonly Op[] }[];
  /** Before the heads' backward parts. */
  readonly clear: readonly Op[];
  /** From the last residual's gradient to every other. */
  readonly backward: readonly Op[];
}

interface Parts {
  readonly ops: OpList;
  readonly config: ModelConfig;
  readonly reduction: RowReduction;
  readonly attention: AttentionKind;
  readonly products: Products;
  readonly model: TrainedModel;
  readonly activations: Activations;
  readonly batch: BatchBuffers;
  readonly head: HeadBuffers;
  readonly angles: GPUBuffer;
  /** Keep one layer's activations and compute the others again. */
  readonly checkpointing: boolean;
}

/** @throws {GpuError} */
export async function buildTrainingGraph(parts: Parts): Promise<TrainingGraph> {
  const { ops, config, reduction, attention, products, model, activations, batch, head, angles, checkpointing } = parts;
  const low = { buffer: activations.low, stride: activations.ranks };
  const dLow = { buffer: activations.dLow, stride: activations.ranks };
  const context: LayerContext = {
    ops,
    products,
    config,
    reduction,
    attention,
    activations,
    rows: batch.rows,
    angles,
    low,
    dLow,
  };
  const { rows, residuals, dResidual } = activations;
  const { width } = config;
  const { parts: tableParts, gradient: tableGradient } = model.embedding;
  const first = residuals[0] ?? dResidual;
  for (const { weights, type, scalesWord, rows: n, output } of tableParts)
    ops.add({
      kernel: trainEmbedKernel,
      choice: { variants: { format: type } },
      params: { rows, n, k4: width / 4, row0: output, half_base: scalesWord },
      buffers: [weights, batch.rows, first],
      workgroups: gridOf((rows * width) / 4),
    });
  const embed = await ops.take();
  const layers = [];
  for (const [i, layer] of model.layers.entries()) {
    addLayerForward(context, i, layer);
    const forward = await ops.take();
    addLayerOutput(context, i, layer);
    const output = await ops.take();
    addLayerBackward(context, i, layer, i > 0 || tableGradient !== undefined);
    layers.push({ forward, output, backward: await ops.take() });
  }
  const heads = [];
  for (let chunk = 0; chunk * head.rows < rows; chunk++) {
    addHeadForward(context, model.head, batch, head, chunk);
    const forward = await ops.take();
    addHeadBackward(context, model.head, batch, head, chunk);
    heads.push({ forward, backward: await ops.take() });
  }
  ops.clear(dResidual);
  const clear = await ops.take();
  if (tableGradient)
    ops.add({
      kernel: embeddingGradKernel,
      params: { groups: rows, k4: width / 4 },
      buffers: [batch.tokenGroups, batch.order, dResidual, tableGradient],
      workgroups: gridOf((rows * width) / 4),
      flops: rows * width,
    });
  const embeddingGrad = await ops.take();
  const backward = layers.toReversed().flatMap((layer, i) => [
    // The last layer's activations are still there.
    ...(checkpointing && i > 0 ? layer.forward : []),
    ...layer.backward,
  ]);
  return {
    forward: [...embed, ...layers.flatMap(({ forward, output }) => [...forward, ...output])],
    heads,
    clear,
    backward: [...backward, ...embeddingGrad],
  };
}
