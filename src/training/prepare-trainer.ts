import { present } from '../base/invariant.ts';
import { ropeAngles, type ModelConfig } from '../engine/index.ts';
import { BUFFER_USAGE, createGpuMemory, createPipelineCache } from '../gpu/index.ts';
import type { PackedBatch } from './data/packed-batch.ts';
import { TrainingError } from './errors.ts';
import { attentionKindFor } from './kernels/attention.ts';
import { productsFor } from './kernels/choose-products.ts';
import { allocateActivations, allocateBatch } from './model/activations.ts';
import { createAdamw, type MomentBits } from './model/adamw.ts';
import { tabulateBatch, type BatchTables } from './model/batch-tables.ts';
import { chooseHeadChunks } from './model/head.ts';
import { createOpList } from './model/op-list.ts';
import type { ParameterLayout } from './model/parameter-layout.ts';
import { readBuffers } from './model/read-buffer.ts';
import { createOpRunner } from './model/run-ops.ts';
import type { TrainedModel } from './model/trained-model.ts';
import { buildTrainingGraph } from './model/training-graph.ts';
import type { CommonTrainerOptions, Trainer, TrainerState } from './trainer-api.ts';

/** What of a model is trained, and from where. */
export interface Trainable {
  readonly layout: ParameterLayout;
  /** Every tensor of the layout. */
  readonly initial: ReadonlyMap<string, Float32Array>;
  view(parameters: GPUBuffer, gradients: GPUBuffer): TrainedModel;
  /** Ranks of the low-rank changes that a linear layer has at most. */
  readonly ranks: number;
  readonly momentBits: MomentBits;
  readonly ropeFactors: ArrayLike<number> | undefined;
}

/** @throws {TrainingError} `state-invalid` for missing or misshapen tensors, {GpuError} */
export async function prepareTrainer(
  options: CommonTrainerOptions,
  config: ModelConfig,
  trainable: Trainable,
): Promise<Trainer> {
  const { gpu, batchTokens, checkpointing = false } = options;
  const { device } = gpu;
  const { queue } = device;
  const { layout } = trainable;
  const cache = options.cache ?? createPipelineCache(device);
  const reduction = options.reduction ?? (gpu.report.isSoftware ? 'serial' : 'shared');
  const flat = flatten(trainable);
  const memory = createGpuMemory(device, options.budgetBytes);
  const { STORAGE, COPY_DST, COPY_SRC } = BUFFER_USAGE;
  const flatBytes = layout.length * 4;
  const chunks = options.headChunks ?? chooseHeadChunks(config.vocabulary, batchTokens);
  const rows = Math.ceil(batchTokens / chunks.rows) * chunks.rows;

  const prepare = async () => {
    const create = (label: string, bytes: number, usage = 0) => memory.create(label, bytes, STORAGE | usage);
    const parameters = await create('parameters', flatBytes, COPY_DST | COPY_SRC);
    const gradients = await create('gradients', flatBytes, COPY_DST | COPY_SRC);
    const adamw = await createAdamw(device, cache, memory, { ...layout, parameters, gradients }, trainable.momentBits);
    const activations = await allocateActivations(config, rows, checkpointing, trainable.ranks, memory);
    const batch = await allocateBatch(rows, memory);
    const head = {
      ...chunks,
      logits: await create('logits', chunks.rows * chunks.tokens * 4),
      state: await create('softmax state', chunks.rows * 16),
      scale: await create('head scale', chunks.rows * 4),
      weight: await create('weight of a label', 4, COPY_DST),
    };
    const turns = ropeAngles(config, rows, trainable.ropeFactors);
    const angles = await create('angles', turns.byteLength, COPY_DST);
    queue.writeBuffer(angles, 0, turns);
    queue.writeBuffer(parameters, 0, flat);
    const graph = await buildTrainingGraph({
      ops: createOpList(device, cache, memory),
      config,
      reduction,
      attention: options.attention ?? attentionKindFor(gpu.report),
      products: productsFor(gpu.report, options.products),
      model: trainable.view(parameters, gradients),
      activations,
      batch,
      head,
      angles,
      checkpointing,
    });
    return { parameters, gradients, batch, head, adamw, graph };
  };

  let prepared;
  try {
    prepared = await prepare();
  } catch (error) {
    memory.freeAll();
    throw error;
  }
  const { parameters, gradients, batch, head, adamw, graph } = prepared;
  const runner = createOpRunner(device);
  let step = 0;
  let closed = false;

  const tabulate = (batches: readonly PackedBatch[]) => {
    if (closed) throw new TrainingError('trainer-closed', 'the trainer was closed; make another');
    const tables = batches.map((each) => tabulateBatch(each, rows, config.vocabulary, rows));
    const labels = tables.reduce((sum, { labelCount }) => sum + labelCount, 0);
    if (labels === 0) throw new TrainingError('no-labels', 'no token of these batches carries loss; check their masks');
    queue.writeBuffer(head.weight, 0, Float32Array.of(1 / labels));
    return { tables, labels };
  };
  const forward = async (tables: BatchTables, signal?: AbortSignal, learns = false) => {
    queue.writeBuffer(batch.rows, 0, tables.rows);
    queue.writeBuffer(batch.labels, 0, tables.labels);
    queue.writeBuffer(batch.tokenGroups, 0, tables.tokenGroups);
    queue.writeBuffer(batch.order, 0, tables.order);
    await runner.run(graph.forward, signal);
    if (learns) await runner.run(graph.clear, signal);
    const used = Math.ceil(tables.labelCount / head.rows);
    for (const chunk of graph.heads.slice(0, used)) {
      await runner.run(chunk.forward, signal);
      if (learns) await runner.run(chunk.backward, signal);
    }
    if (learns) await runner.run(graph.backward, signal);
    // In f64, as the order of a sum of thousands should not show.
    const [losses] = await readBuffers(device, memory, [{ buffer: batch.loss, bytes: 4 * tables.labelCount || 4 }]);
    return present(losses, 'losses')
      .subarray(0, tables.labelCount)
      .reduce((sum, loss) => sum + loss, 0);
  };
  const readNamed = async (buffer: GPUBuffer) => {
    const [values] = await readBuffers(device, memory, [{ buffer, bytes: flatBytes }]);
    const all = present(values, 'parameters');
    return new Map(
      layout.tensors.map(({ name, offset, rows, columns }) => [name, all.slice(offset, offset + rows * columns)]),
    );
  };
  const state = { parameters: { buffer: parameters, bytes: flatBytes }, ...adamw.state };
  const restoreState = (saved: TrainerState) => {
    const parts = (['parameters', 'm', 'v', 'scales'] as const).map((name) => {
      const [expected, found] = [(state[name]?.bytes ?? 0) / 4, saved[name]?.length ?? 0];
      if (found === expected) return [state[name], saved[name]] as const;
      const message = `${name} has ${found} numbers, ${expected} expected; take this model's own checkpoint`;
      throw new TrainingError('state-invalid', message, { name, value: found, limit: expected });
    });
    for (const [to, values] of parts) if (to && values) queue.writeBuffer(to.buffer, 0, values);
    ({ step } = saved);
  };

  return {
    get allocatedBytes() {
      return memory.allocatedBytes;
    },
    get peakBytes() {
      return memory.peakBytes;
    },
    step: async (batches, options, signal) => {
      const { tables, labels } = tabulate(batches);
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(gradients);
      queue.submit([encoder.finish()]);
      let total = 0;
      for (const each of tables) total += await forward(each, signal, true);
      const loss = total / labels;
      if (!Number.isFinite(loss)) throw diverged('loss', loss, step + 1);
      adamw.prepare(step + 1, options);
      signal?.throwIfAborted();
      await runner.run(adamw.ops);
      const [clip] = await readBuffers(device, memory, [{ buffer: adamw.clip, bytes: 8 }]);
      const gradNorm = clip?.[0] ?? Number.NaN;
      if (!Number.isFinite(gradNorm)) throw diverged('norm of the gradients', gradNorm, step + 1);
      step++;
      return { loss, gradNorm, tokens: labels };
    },
    evaluate: async (batches, signal) => {
      const { tables, labels } = tabulate(batches);
      let total = 0;
      for (const each of tables) total += await forward(each, signal);
      return { loss: total / labels, tokens: labels };
    },
    readParameters: () => readNamed(parameters),
    readGradients: () => readNamed(gradients),
    saveState: async () => {
      const { m, v, scales } = adamw.state;
      const kept = [state.parameters, m, v, ...(scales ? [scales] : [])];
      const [p, first, second, sizes] = await readBuffers(device, memory, kept);
      const saved = { step, parameters: present(p, 'parameters'), m: present(first, 'm'), v: present(second, 'v') };
      return sizes ? { ...saved, scales: sizes } : saved;
    },
    restoreState,
    close: () => {
      closed = true;
      memory.freeAll();
    },
  };
}

function flatten({ layout, initial }: Trainable): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.length);
  for (const { name, rows, columns, offset } of layout.tensors) {
    const values = initial.get(name);
    if (values?.length !== rows * columns) {
      const message = `tensor ${name} has ${values?.length ?? 'no'} numbers, ${rows * columns} expected`;
      throw new TrainingError('state-invalid', message, { name, limit: rows * columns });
    }
    flat.set(values, offset);
  }
  return flat;
}

function diverged(what: string, value: number, step: number): TrainingError {
  return new TrainingError(
    'diverged',
    `the ${what} of step ${step} is ${value}; the parameters are as before it: go on with a lower learning rate`,
    { name: what, value },
  );
}
