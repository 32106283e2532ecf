import { present } from '../base/invariant.ts';
import { ropeAngles, type ModelConfig } from '../engine/index.ts';
import {
  BUFFER_USAGE,
  createGpuMemory,
  createPipelineCache,
  encodeParams,
  type GpuDevice,
  type PipelineCache,
} from '../gpu/index.ts';
import type { PackedBatch } from './data/packed-batch.ts';
import { TrainingError } from './errors.ts';
import { crossEntropyKernel } from './kernels/cross-entropy.ts';
import { chooseProducts } from './kernels/linear.ts';
import type { RowReduction } from './kernels/row-reduction.ts';
import { allocateActivations, allocateBatch } from './model/activations.ts';
import { createAdamw, type AdamwOptions } from './model/adamw.ts';
import { tabulateBatch, type BatchTables } from './model/batch-tables.ts';
import { buildFullGraph } from './model/full-graph.ts';
import { viewFullModel } from './model/full-model.ts';
import { headRows } from './model/head.ts';
import { createOpList } from './model/op-list.ts';
import { layOutModel } from './model/parameter-layout.ts';
import { readBuffers } from './model/read-buffer.ts';
import { createOpRunner } from './model/run-ops.ts';

/** What a step did. */
export interface StepReport {
  /** Mean cross-entropy of the labels before the step, in nats. */
  readonly loss: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
  /** Labels that carried loss. */
  readonly tokens: number;
}

/** Everything that the next step depends on. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  /** The flat arrays of parameters and moments, laid out by the model. */
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly m: Float32Array<ArrayBuffer>;
  readonly v: Float32Array<ArrayBuffer>;
}

/** Trains one model. Calls do not overlap: await one before the next. */
export interface Trainer {
  /** GPU bytes that the trainer holds. */
  readonly allocatedBytes: number;
  /**
   * One step over the gradient of all batches together: each label weighs the same, wherever it lies.
   *
   * @throws {TrainingError} `batch-invalid`, `no-labels`, `diverged` (the parameters are as before), {GpuError}, AbortError
   */
  step(batches: readonly PackedBatch[], options: AdamwOptions, signal?: AbortSignal): Promise<StepReport>;
  /** Mean loss over the labels of the batches, without learning. @throws {TrainingError} as `step` */
  evaluate(batches: readonly PackedBatch[], signal?: AbortSignal): Promise<{ loss: number; tokens: number }>;
  /** Every tensor by its GGUF name, (rows, columns) row-major. */
  readParameters(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  /** The gradients of the last step in the same form, for tests. */
  readGradients(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  saveState(): Promise<TrainerState>;
  /** @throws {TrainingError} `state-invalid` */
  restoreState(state: TrainerState): void;
  /** Frees all buffers. */
  close(): void;
}

export interface TrainerOptions {
  readonly gpu: GpuDevice;
  /** Compiled kernels to share; its own by default. */
  readonly cache?: PipelineCache;
  readonly config: ModelConfig;
  /** Every tensor by its GGUF name, e.g. from `initialParameters`. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Tokens of the longest micro-batch. */
  readonly batchTokens: number;
  /** Keep the activations of one layer only and compute the others again: less memory, a third more time. */
  readonly checkpointing?: boolean;
  /** By default `serial` on software GPUs. */
  readonly reduction?: RowReduction;
  /** False for products without subgroups, which give the same bits; for tests. */
  readonly subgroups?: boolean;
}

/**
 * Prepares training of all parameters of a small tied Llama model.
 *
 * @throws {TrainingError} `model-too-large`, `state-invalid` for missing or misshapen parameters, {GpuError}
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { gpu, config, batchTokens, checkpointing = false } = options;
  const { device } = gpu;
  const { queue } = device;
  const cache = options.cache ?? createPipelineCache(device);
  const reduction = options.reduction ?? (gpu.report.isSoftware ? 'serial' : 'shared');
  const layout = layOutModel(config);
  const memory = createGpuMemory(device);
  const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = BUFFER_USAGE;
  const flatBytes = layout.length * 4;
  const rowsOfHead = headRows(config.vocabulary, batchTokens);
  const rows = Math.ceil(batchTokens / rowsOfHead) * rowsOfHead;

  const prepare = async () => {
    const parameters = await memory.create('parameters', flatBytes, STORAGE | COPY_DST | COPY_SRC);
    const gradients = await memory.create('gradients', flatBytes, STORAGE | COPY_DST | COPY_SRC);
    const activations = await allocateActivations(config, rows, checkpointing, memory);
    const batch = await allocateBatch(rows, memory);
    const stride = Math.ceil(config.vocabulary / 4) * 4;
    const head = {
      rows: rowsOfHead,
      stride,
      logits: await memory.create('logits', rowsOfHead * stride * 4, STORAGE),
      scale: await memory.create('head scale', rowsOfHead * 4, STORAGE),
      lossParams: await memory.create('loss params', 16, UNIFORM | COPY_DST),
    };
    const turns = ropeAngles(config, rows, undefined);
    const angles = await memory.create('angles', turns.byteLength, STORAGE | COPY_DST);
    queue.writeBuffer(angles, 0, turns);
    const adamw = await createAdamw(device, cache, memory, { ...layout, parameters, gradients });
    const ops = createOpList(device, cache, memory);
    const model = viewFullModel(config, layout, parameters, gradients);
    const graph = await buildFullGraph({
      ops,
      config,
      reduction,
      products: chooseProducts(options.subgroups === false ? undefined : gpu.report.subgroupSize),
      model,
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
    const params = { rows: head.rows, vocabulary: config.vocabulary, stride: head.stride, inverse_count: 1 / labels };
    queue.writeBuffer(head.lossParams, 0, encodeParams(crossEntropyKernel.params, params));
    return { tables, labels };
  };
  const forward = async (tables: BatchTables, signal?: AbortSignal, learns = false) => {
    queue.writeBuffer(batch.rows, 0, tables.rows);
    queue.writeBuffer(batch.labels, 0, tables.labels);
    queue.writeBuffer(batch.tokenGroups, 0, tables.tokenGroups);
    queue.writeBuffer(batch.order, 0, tables.order);
    await runner.run(graph.forward, signal);
    if (learns) await runner.run(graph.clear, signal);
    const chunks = Math.ceil(tables.labelCount / head.rows);
    for (const chunk of graph.heads.slice(0, chunks)) {
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
    const [flat] = await readBuffers(device, memory, [{ buffer, bytes: flatBytes }]);
    const all = present(flat, 'parameters');
    return new Map(
      layout.tensors.map(({ name, offset, rows, columns }) => [name, all.slice(offset, offset + rows * columns)]),
    );
  };
  const restoreState = (state: TrainerState) => {
    for (const part of ['parameters', 'm', 'v'] as const)
      if (state[part].length !== layout.length)
        throw new TrainingError(
          'state-invalid',
          `${part} has ${state[part].length} numbers, ${layout.length} expected; take this model's own checkpoint`,
          { name: part, value: state[part].length, limit: layout.length },
        );
    queue.writeBuffer(parameters, 0, state.parameters);
    queue.writeBuffer(adamw.m, 0, state.m);
    queue.writeBuffer(adamw.v, 0, state.v);
    ({ step } = state);
  };

  const flat = new Float32Array(layout.length);
  for (const { name, rows, columns, offset } of layout.tensors) {
    const values = options.parameters.get(name);
    if (values?.length !== rows * columns) {
      memory.freeAll();
      throw new TrainingError(
        'state-invalid',
        `tensor ${name} has ${values?.length ?? 'no'} numbers, ${rows * columns} expected`,
        { name, limit: rows * columns },
      );
    }
    flat.set(values, offset);
  }
  queue.writeBuffer(parameters, 0, flat);

  return {
    get allocatedBytes() {
      return memory.allocatedBytes;
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
      const bytes = flatBytes;
      const parts = [parameters, adamw.m, adamw.v].map((buffer) => ({ buffer, bytes }));
      const [p, m, v] = await readBuffers(device, memory, parts);
      return { step, parameters: present(p, 'parameters'), m: present(m, 'm'), v: present(v, 'v') };
    },
    restoreState,
    close: () => {
      closed = true;
      memory.freeAll();
    },
  };
}

function diverged(what: string, value: number, step: number): TrainingError {
  return new TrainingError(
    'diverged',
    `the ${what} of step ${step} is ${value}; the parameters are as before it: go on with a lower learning rate`,
    { name: what, value },
  );
}
