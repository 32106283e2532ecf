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
import { bytesToHex } from '../../base/bytes.ts';
import { argmaxKernel } from '../kernels/argmax.ts';
import { attentionKernel } from '../kernels/attention.ts';
import { embedKernel } from '../kernels/embed.ts';
import { MATMUL_WG, matmulKernel, SHARED_LANES } from '../kernels/matmul.ts';
import { rmsNormKernel } from '../kernels/rms-norm.ts';
import { ropeCacheKernel } from '../kernels/rope-cache.ts';
import type { ModelConfig } from './config.ts';
import { PAGE_TOKENS, type RunState } from './run-state.ts';
import type { MatrixView, WeightsView } from './weights-view.ts';

/** Rows (columns of the matrix products) of a step, and how many of them want logits. */
export interface StepShape {
  readonly rows: number;
  readonly logitRows: number;
}

/** The commands of a step, prepared once: pipelines, bind groups and sizes. */
export interface ForwardPass {
  /** Dispatches of a step with `rows` rows and logits, for the books. */
  readonly dispatches: number;
  /** Records a whole step. `rows` and `page_table` must have been written before it is submitted. */
  encode(pass: GPUComputePassEncoder, shape: StepShape): void;
}

/** How sums are split in the matrix product: part of the numeric class. */
export type ReduceVariant = 'serial' | 'shared';

/** Columns side by side in a vector, and vectors that a workgroup takes: one row, up to four, up to eight and more. */
type Tiling = 1 | 4 | 8;

interface Op {
  /** Whether it works on the step's rows or on those with logits. */
  readonly over: 'rows' | 'logitRows';
  pipeline(tiling: Tiling, inner: Tiling): GPUComputePipeline;
  readonly group: GPUBindGroup;
  /** Workgroups for `rows` rows. */
  size(rows: number, tiling: Tiling): readonly [number, number];
}

interface Parts {
  readonly config: ModelConfig;
  readonly weights: WeightsView;
  readonly state: RunState;
  readonly cache: PipelineCache;
  readonly memory: GpuMemory;
  readonly queue: GPUQueue;
  readonly reduce: ReduceVariant;
}

/** Compiles and binds everything that the model's steps need. @throws {GpuError} */
export async function prepareForward(parts: Parts): Promise<ForwardPass> {
  const builder = new OpBuilder(parts);
  const { config, weights, state } = parts;
  const { heads, kvHeads, headSize } = config;
  const qkvWidth = (heads + 2 * kvHeads) * headSize;
  const ops: Op[] = [...(await builder.embed())];
  for (const [layer, view] of weights.layers.entries()) {
    const cache = { keys: state.keys[layer] ?? state.q, values: state.values[layer] ?? state.q };
    ops.push(await builder.norm('same', state.residual, view.attentionNorm, state.normed));
    for (const matrix of view.qkv)
      ops.push(...(await builder.matmul(matrix, 'store', state.normed, state.qkv, qkvWidth)));
    ops.push(await builder.ropeCache(view.vectors, cache), await builder.attention(cache));
    ops.push(...(await builder.matmul(view.output, 'add', state.attended, state.residual, config.width)));
    ops.push(await builder.norm('same', state.residual, view.ffnNorm, state.normed));
    ops.push(...(await builder.matmul(view.gateUp, 'swiglu', state.normed, state.gated, config.ffnWidth)));
    ops.push(...(await builder.matmul(view.down, 'add', state.gated, state.residual, config.width)));
  }
  ops.push(await builder.norm('listed', state.residual, weights.outputNorm, state.finalNormed));
  ops.push(
    ...(await builder.matmul(weights.head, 'store', state.finalNormed, state.logits, config.vocabulary, 'logitRows')),
  );
  ops.push(await builder.argmax());
  const encode = (pass: GPUComputePassEncoder, shape: StepShape) => {
    let bound: GPUComputePipeline | undefined;
    for (const op of ops) {
      const rows = shape[op.over];
      if (rows === 0) continue;
      const tiling = tilingOf(rows);
      const pipeline = op.pipeline(tiling, tilingOf(shape.rows));
      if (pipeline !== bound) pass.setPipeline(pipeline);
      bound = pipeline;
      pass.setBindGroup(0, op.group);
      pass.dispatchWorkgroups(...op.size(rows, tiling));
    }
  };
  return { dispatches: ops.length, encode };
}

function tilingOf(rows: number): Tiling {
  if (rows === 1) return 1;
  return rows <= 4 ? 4 : 8;
}

/** Values side by side in memory. */
function columnsOf(tiling: Tiling): number {
  return tiling === 1 ? 1 : 4;
}

const TILINGS = [1, 4, 8] as const;
const COLUMNS = [1, 4] as const;

class OpBuilder {
  readonly #parts: Parts;
  readonly #params = new Map<string, GPUBuffer>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async embed(): Promise<Op[]> {
    const { weights, state } = this.#parts;
    const { type, k, chunks } = weights.embedding;
    const ops: Op[] = [];
    for (const { buffer, scalesWord, outputs, firstOutput } of chunks) {
      const params = await this.#paramsOf(embedKernel, {
        n: outputs,
        k4: k / 4,
        row0: firstOutput,
        half_base: scalesWord,
      });
      const group = this.#bind(embedKernel, [params, buffer, state.rows, state.residual]);
      const pipeline = await this.#byColumns(embedKernel, { variants: { format: type } });
      ops.push({ over: 'rows', pipeline, group, size: (rows) => [Math.ceil(k / 256), rows] });
    }
    return ops;
  }

  async norm(source: 'same' | 'listed', x: GPUBuffer, gain: GPUBuffer, y: GPUBuffer): Promise<Op> {
    const { config, state, cache } = this.#parts;
    const params = await this.#paramsOf(rmsNormKernel, { k: config.width, epsilon: config.epsilon });
    const group = this.#bind(rmsNormKernel, [params, x, gain, state.rows, y]);
    const pairs = await Promise.all(
      COLUMNS.flatMap((outer) =>
        COLUMNS.map(async (inner) => {
          const choice = { variants: { source }, overrides: { COLS: outer, COLS_IN: inner } };
          return [`${outer},${inner}`, await cache.pipeline(rmsNormKernel, choice)] as const;
        }),
      ),
    );
    const pipelines = new Map<string, GPUComputePipeline>(pairs);
    return {
      over: source === 'same' ? 'rows' : 'logitRows',
      pipeline: (tiling, inner) => found(pipelines.get(`${columnsOf(tiling)},${columnsOf(inner)}`)),
      group,
      size: (rows) => [rows, 1],
    };
  }

  async matmul(
    matrix: MatrixView,
    epilogue: string,
    x: GPUBuffer,
    y: GPUBuffer,
    yStride: number,
    over: Op['over'] = 'rows',
  ): Promise<Op[]> {
    const { cache, reduce } = this.#parts;
    const lanes = reduce === 'serial' ? 1 : SHARED_LANES;
    const choiceOf = (tiling: Tiling): KernelChoice => ({
      variants: { format: matrix.type, epilogue, reduce },
      aliases: { cols: tiling === 1 ? 'f32' : 'vec4f' },
      overrides: { LANES: lanes, GROUPS: tiling === 8 ? 2 : 1 },
    });
    const pipelines = new Map(
      await Promise.all(
        TILINGS.map(async (tiling) => [tiling, await cache.pipeline(matmulKernel, choiceOf(tiling))] as const),
      ),
    );
    const ops: Op[] = [];
    for (const { buffer, scalesWord, outputs, firstOutput } of matrix.chunks) {
      const params = await this.#paramsOf(matmulKernel, {
        n: outputs,
        k4: matrix.k / 4,
        y_stride: yStride,
        y_row0: matrix.firstRow + firstOutput,
        half_base: scalesWord,
      });
      const group = this.#bind(matmulKernel, [params, buffer, x, y]);
      const tiles = Math.ceil(outputs / (epilogue === 'swiglu' ? 2 : 4));
      const workgroups = Math.ceil(tiles / (MATMUL_WG / lanes));
      const size = (rows: number, tiling: Tiling) => [workgroups, Math.ceil(rows / tiling)] as const;
      ops.push({ over, pipeline: (tiling) => found(pipelines.get(tiling)), group, size });
    }
    return ops;
  }

  async ropeCache(vectors: GPUBuffer, { keys, values }: { keys: GPUBuffer; values: GPUBuffer }): Promise<Op> {
    const { config, state } = this.#parts;
    const { heads, kvHeads, headSize, rotary, epsilon } = config;
    const params = await this.#paramsOf(ropeCacheKernel, {
      heads,
      kv_heads: kvHeads,
      head_size: headSize,
      rotary,
      pages_per_slot: state.limits.contextTokens / PAGE_TOKENS,
      epsilon,
      q_scale: 1 / Math.sqrt(headSize),
    });
    const group = this.#bind(ropeCacheKernel, [
      params,
      state.qkv,
      vectors,
      state.angles,
      state.rows,
      state.pageTable,
      state.q,
      keys,
      values,
    ]);
    const variants = { rope: config.ropeStyle, head_norm: config.hasHeadNorm ? 'rms' : 'none' };
    const pipeline = await this.#byColumns(ropeCacheKernel, { variants });
    return { over: 'rows', pipeline, group, size: (rows) => [heads + 2 * kvHeads, rows] };
  }

  async attention({ keys, values }: { keys: GPUBuffer; values: GPUBuffer }): Promise<Op> {
    const { config, state } = this.#parts;
    const params = await this.#paramsOf(attentionKernel, {
      heads: config.heads,
      kv_heads: config.kvHeads,
      head4: config.headSize / 4,
      pages_per_slot: state.limits.contextTokens / PAGE_TOKENS,
    });
    const group = this.#bind(attentionKernel, [
      params,
      state.q,
      keys,
      values,
      state.rows,
      state.pageTable,
      state.attended,
    ]);
    const pipeline = await this.#byColumns(attentionKernel, {});
    return { over: 'rows', pipeline, group, size: (rows) => [config.heads, rows] };
  }

  async argmax(): Promise<Op> {
    const { config, state } = this.#parts;
    const params = await this.#paramsOf(argmaxKernel, { n: config.vocabulary });
    const group = this.#bind(argmaxKernel, [params, state.logits, state.best]);
    const pipeline = await this.#byColumns(argmaxKernel, {});
    return { over: 'logitRows', pipeline, group, size: (rows) => [1, rows] };
  }

  async #byColumns(kernel: Kernel, choice: KernelChoice): Promise<Op['pipeline']> {
    const [one, four] = await Promise.all(
      COLUMNS.map((COLS) => this.#parts.cache.pipeline(kernel, { ...choice, overrides: { COLS } })),
    );
    return (tiling) => found(tiling === 1 ? one : four);
  }

  /** One uniform buffer for all ops with the same parameters. */
  async #paramsOf<Layout extends ParamsLayout>(kernel: Kernel<Layout>, values: ParamsOf<Layout>): Promise<GPUBuffer> {
    const bytes = encodeParams(kernel.params, values);
    const key = bytesToHex(bytes);
    const known = this.#params.get(key);
    if (known) return known;
    const buffer = await this.#parts.memory.create(
      `${kernel.name} params`,
      bytes.byteLength,
      BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST,
    );
    this.#parts.queue.writeBuffer(buffer, 0, bytes);
    this.#params.set(key, buffer);
    return buffer;
  }

  #bind(kernel: Kernel, buffers: readonly GPUBuffer[]): GPUBindGroup {
    return this.#parts.cache.bindGroup(kernel, buffers);
  }
}

function found(pipeline: GPUComputePipeline | undefined): GPUComputePipeline {
  if (!pipeline) throw new TypeError('every variant of an op is compiled before it is encoded');
  return pipeline;
}
