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
import {
  ATTENTION_SERIAL_DIMENSIONS,
  ATTENTION_SERIAL_WG,
  attentionKernel,
  attentionSerialKernel,
} from '../kernels/attention.ts';
import { embedKernel } from '../kernels/embed.ts';
import { SERIAL_ROWS } from '../kernels/lanes.ts';
import { BLOCK_INPUTS, BLOCK_WORDS } from '../kernels/int8-products.ts';
import { PICK_LANES, pickKernel } from '../kernels/pick.ts';
import { NORM_LANES, rmsNormKernel } from '../kernels/rms-norm.ts';
import { ropeCacheKernel } from '../kernels/rope-cache.ts';
import type { ModelConfig } from './config.ts';
import type { Reduction } from './reduction.ts';
import { PAGE_TOKENS, type RunState } from './run-state.ts';
import type { WeightsView } from './weights-view.ts';

/** Columns side by side in a vector, and vectors that a workgroup takes: one row, up to four, up to eight and more. */
export type Tiling = 1 | 4 | 8;

/** One dispatch of a step. */
export interface Op {
  /** Whether it works on the step's rows or on those with logits. */
  readonly over: 'rows' | 'logitRows';
  pipeline(tiling: Tiling, inner: Tiling): GPUComputePipeline;
  readonly group: GPUBindGroup;
  /** Only in steps in which an adapter changes a group of this bit. */
  readonly needs?: number;
  /** Only in steps in which none does. */
  readonly unless?: number;
  /** Workgroups for `rows` rows. */
  size(rows: number, tiling: Tiling): readonly [number, number];
}

export interface OpParts {
  readonly config: ModelConfig;
  readonly weights: WeightsView;
  readonly state: RunState;
  readonly cache: PipelineCache;
  readonly memory: GpuMemory;
  readonly queue: GPUQueue;
  readonly reduction: Reduction;
}

/** A kernel over a step's rows, with its workgroups for so many. */
interface RowsKernel<Layout extends ParamsLayout> {
  readonly kernel: Kernel<Layout>;
  size(rows: number): readonly [number, number];
}

const COLUMNS = [1, 4] as const;

/** Values side by side in memory. */
function columnsOf(tiling: Tiling): number {
  return tiling === 1 ? 1 : 4;
}

/** Compiles and binds the dispatches of a model's steps. */
export class OpBuilder {
  readonly #parts: OpParts;
  readonly #params = new Map<string, GPUBuffer>();
  #codes: Promise<GPUBuffer> | undefined;

  constructor(parts: OpParts) {
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
      const group = this.#bind(embedKernel, [params, buffer, state.rows, state.latest, state.residual]);
      const pipeline = await this.#byColumns(embedKernel, { variants: { format: type } });
      ops.push({ over: 'rows', pipeline, group, size: (rows) => [Math.ceil(k / 256), rows] });
    }
    return ops;
  }

  async norm(source: 'same' | 'listed', x: GPUBuffer, gain: GPUBuffer, y: GPUBuffer): Promise<Op> {
    const { config, state, cache, reduction } = this.#parts;
    const lanes = lanesOf(reduction, NORM_LANES);
    const params = await this.#paramsOf(rmsNormKernel, { k: config.width, epsilon: config.epsilon });
    const group = this.#bind(rmsNormKernel, [params, x, gain, state.rows, y]);
    const pairs = await Promise.all(
      COLUMNS.flatMap((outer) =>
        COLUMNS.map(async (inner) => {
          const overrides = { ...lanes.overrides, COLS: outer, COLS_IN: inner };
          const choice = { variants: { ...lanes.variants, source }, overrides };
          return [`${outer},${inner}`, await cache.pipeline(rmsNormKernel, choice)] as const;
        }),
      ),
    );
    const pipelines = new Map<string, GPUComputePipeline>(pairs);
    return {
      over: source === 'same' ? 'rows' : 'logitRows',
      pipeline: (tiling, inner) => found(pipelines.get(`${columnsOf(tiling)},${columnsOf(inner)}`)),
      group,
      size: lanes.size,
    };
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
    const headNorm = config.hasHeadNorm ? 'rms' : 'none';
    const variants = { kv: state.limits.kvType, rope: config.ropeStyle, head_norm: headNorm };
    const pipeline = await this.#byColumns(ropeCacheKernel, { variants });
    return { over: 'rows', pipeline, group, size: (rows) => [heads + 2 * kvHeads, rows] };
  }

  async attention({ keys, values }: { keys: GPUBuffer; values: GPUBuffer }): Promise<Op> {
    const { config, state, reduction } = this.#parts;
    const { heads, kvHeads, headSize } = config;
    const isSerial = reduction.kind === 'serial';
    const kernel = isSerial ? attentionSerialKernel : attentionKernel;
    const params = await this.#paramsOf(kernel, {
      heads,
      kv_heads: kvHeads,
      head4: headSize / 4,
      pages_per_slot: state.limits.contextTokens / PAGE_TOKENS,
    });
    const group = this.#bind(kernel, [params, state.q, keys, values, state.rows, state.pageTable, state.attended]);
    const pipeline = await this.#byColumns(kernel, { variants: { kv: state.limits.kvType } });
    const parts = Math.ceil(headSize / ATTENTION_SERIAL_DIMENSIONS);
    const across = isSerial ? Math.ceil((heads * parts) / ATTENTION_SERIAL_WG) : heads;
    return { over: 'rows', pipeline, group, size: (rows) => [across, rows] };
  }

  async pick(): Promise<Op> {
    const { config, state, reduction } = this.#parts;
    const lanes = lanesOf(reduction, PICK_LANES);
    const params = await this.#paramsOf(pickKernel, { n: config.vocabulary });
    const { logits, rows, draws, masks, picks, latest } = state;
    const group = this.#bind(pickKernel, [params, logits, rows, draws, masks, picks, latest]);
    const variants = { ...lanes.variants, draw: 'gumbel' };
    const pipeline = await this.#byColumns(pickKernel, { variants, overrides: lanes.overrides });
    return { over: 'logitRows', pipeline, group, size: lanes.size };
  }

  /** A dispatch over the step's rows of a kernel that knows COLS; of `tall` where a step has several rows. */
  async rowsOp<Layout extends ParamsLayout>(
    { kernel, choice = {}, size }: RowsKernel<Layout> & { readonly choice?: KernelChoice },
    params: ParamsOf<Layout>,
    buffers: readonly GPUBuffer[],
    tall?: RowsKernel<Layout>,
  ): Promise<Op> {
    const group = await this.bindGroup(kernel, params, buffers);
    if (!tall) return { over: 'rows', pipeline: await this.#byColumns(kernel, choice), group, size };
    const { cache } = this.#parts;
    const [one, several] = await Promise.all([cache.pipeline(kernel, choice), cache.pipeline(tall.kernel, {})]);
    return {
      over: 'rows',
      pipeline: (tiling) => (tiling === 1 ? one : several),
      group,
      size: (rows, tiling) => (tiling === 1 ? size(rows) : tall.size(rows)),
    };
  }

  /** Parameters, which ops share where they are the same, and then `buffers`. */
  async bindGroup<Layout extends ParamsLayout>(
    kernel: Kernel<Layout>,
    params: ParamsOf<Layout>,
    buffers: readonly GPUBuffer[],
  ): Promise<GPUBindGroup> {
    return this.#bind(kernel, [await this.#paramsOf(kernel, params), ...buffers]);
  }

  /** Room for the inputs of int8 products, made for the first of them: each is used up before the next is rounded. */
  codes(): Promise<GPUBuffer> {
    this.#codes ??= this.#createCodes();
    return this.#codes;
  }

  #createCodes(): Promise<GPUBuffer> {
    const { config, state, memory } = this.#parts;
    const widest = Math.max(config.width, config.ffnWidth, config.heads * config.headSize);
    const words = state.limits.maxRows * Math.ceil(widest / BLOCK_INPUTS) * BLOCK_WORDS;
    return memory.create('codes', words * 4, BUFFER_USAGE.STORAGE);
  }

  async #byColumns(kernel: Kernel, choice: KernelChoice): Promise<Op['pipeline']> {
    const [one, four] = await Promise.all(
      COLUMNS.map((COLS) =>
        this.#parts.cache.pipeline(kernel, { ...choice, overrides: { ...choice.overrides, COLS } }),
      ),
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

/** The variant of a row kernel that suits a reduction, with its dispatch size. */
function lanesOf({ kind }: Reduction, lanes: number) {
  if (kind === 'serial') {
    return {
      variants: { lanes: 'serial' },
      overrides: { WG: SERIAL_ROWS, LANES: 1 },
      size: (rows: number) => [Math.ceil(rows / SERIAL_ROWS), 1] as const,
    };
  }
  return {
    variants: { lanes: 'shared' },
    overrides: { WG: lanes, LANES: lanes },
    size: (rows: number) => [rows, 1] as const,
  };
}
