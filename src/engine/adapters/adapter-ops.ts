import type { Kernel, ParamsLayout, ParamsOf } from '../../gpu/index.ts';
import {
  lowRankExpandKernel,
  lowRankShrinkKernel,
  lowRankSwigluKernel,
  lowRankExpandTallKernel,
  lowRankShrinkTallKernel,
  lowRankSwigluTallKernel,
  MAX_RANK_PAGES,
  SHRINK_LANES,
  SHRINK_TALL_ROWS,
} from '../kernels/low-rank.ts';
import type { Op, OpBuilder, OpParts } from '../model/op-builder.ts';
import { productOps } from '../model/product-ops.ts';
import type { LayerView, MatrixView } from '../model/weights-view.ts';
import { TABLE_WORDS_PER_LAYER, type AdapterBuffers, type PooledGroup } from './adapter-buffers.ts';

/** Lanes for the ranks of a row and target, four to a lane. */
const RANK_LANES = 16;
/** Lanes of a workgroup of these kernels. */
const WG = 64;

/** The dispatches that adapters add to the steps in which a sequence has one: a shrink and an expansion for each input. */
export class AdapterOps {
  readonly #builder: OpBuilder;
  readonly #parts: OpParts;
  readonly #buffers: AdapterBuffers;

  constructor(builder: OpBuilder, parts: OpParts, buffers: AdapterBuffers) {
    this.#builder = builder;
    this.#parts = parts;
    this.#buffers = buffers;
  }

  /** Behind the products of q, k and v. */
  qkv(layer: number): Promise<Op[]> {
    const { normed, qkv } = this.#parts.state;
    return this.#added(layer, 1, normed, qkv);
  }

  /** Behind the product of the attention's output. */
  output(layer: number): Promise<Op[]> {
    const { attended, residual } = this.#parts.state;
    return this.#added(layer, 2, attended, residual);
  }

  /** In place of the fused product of gate and up, whose result is no sum that could be changed. */
  async gateUp(layer: number, plain: readonly Op[], { gateUp }: LayerView): Promise<Op[]> {
    const pooled = this.#pooled(4);
    if (!pooled) return [...plain];
    const { group } = pooled;
    const { config, state } = this.#parts;
    const shrink = await this.#shrink(layer, pooled, state.normed);
    const products = await productOps(this.#builder, this.#parts, {
      matrix: storedPairs(gateUp),
      epilogue: 'store',
      x: state.normed,
      y: this.#buffers.gateUp,
      yStride: 2 * config.ffnWidth,
      over: 'rows',
    });
    const swiglus: Op[] = [];
    for (const { outputs, firstOutput } of gateUp.chunks) {
      const params = { ...this.#expansion(layer, pooled, config.ffnWidth), n: outputs, first: firstOutput };
      const buffers = [pooled.pool, ...this.#rows, this.#buffers.gateUp, state.gated];
      swiglus.push(await this.#expandOp(lowRankSwigluKernel, lowRankSwigluTallKernel, params, buffers));
    }
    const changed = [shrink, ...products, ...swiglus].map((op) => ({ ...op, needs: group.bit }));
    return [...plain.map((op) => ({ ...op, unless: group.bit })), ...changed];
  }

  /** Behind the product of down. */
  down(layer: number): Promise<Op[]> {
    const { gated, residual } = this.#parts.state;
    return this.#added(layer, 8, gated, residual);
  }

  get #rows(): [GPUBuffer, GPUBuffer, GPUBuffer] {
    return [this.#buffers.shrunk, this.#parts.state.rows, this.#buffers.table];
  }

  #pooled(bit: number): PooledGroup | undefined {
    return this.#buffers.groups.find(({ group }) => group.bit === bit);
  }

  async #added(layer: number, bit: number, x: GPUBuffer, y: GPUBuffer): Promise<Op[]> {
    const pooled = this.#pooled(bit);
    if (!pooled) return [];
    const { outputs } = pooled.group;
    const params = { ...this.#expansion(layer, pooled, outputs), n: outputs, first: 0 };
    const buffers = [pooled.pool, ...this.#rows, y];
    const expand = await this.#expandOp(lowRankExpandKernel, lowRankExpandTallKernel, params, buffers);
    return [await this.#shrink(layer, pooled, x), expand].map((op) => ({ ...op, needs: bit }));
  }

  #shrink(layer: number, { group, pool }: PooledGroup, x: GPUBuffer): Promise<Op> {
    const { state } = this.#parts;
    const { shrunk, table } = this.#buffers;
    const lanes = this.#isSerial ? 1 : SHRINK_LANES;
    const targets = group.targets.length;
    const params = {
      pairs: group.inputs / 2,
      targets,
      ...this.#place(layer, group.bit),
      page4: group.pageWords / 4,
    };
    const choice = { variants: { lanes: this.#isSerial ? 'serial' : 'shared' }, overrides: { LANES: lanes } };
    const rowsTo = (rows: number) => [Math.ceil((targets * RANK_LANES * lanes) / WG), rows] as const;
    const groupsTo = (rows: number) => [targets, Math.ceil(rows / SHRINK_TALL_ROWS)] as const;
    const one = { kernel: lowRankShrinkKernel, choice, size: rowsTo };
    const tall = { kernel: lowRankShrinkTallKernel, size: groupsTo };
    return this.#builder.rowsOp(one, params, [pool, x, state.rows, table, shrunk], this.#isSerial ? tall : undefined);
  }

  #expandOp<Layout extends ParamsLayout>(
    kernel: Kernel<Layout>,
    tall: Kernel<Layout>,
    params: ParamsOf<Layout> & { readonly n: number },
    buffers: readonly GPUBuffer[],
  ): Promise<Op> {
    const across = Math.ceil(params.n / (4 * WG));
    const one = { kernel, choice: {}, size: (rows: number) => [across, rows] as const };
    const groups = { kernel: tall, size: (rows: number) => [across, Math.ceil(rows / 4)] as const };
    return this.#builder.rowsOp(one, params, buffers, this.#isSerial ? groups : undefined);
  }

  /** Where barriers are dear, reads are too: a lane takes four rows at once. */
  get #isSerial(): boolean {
    return this.#parts.reduction.kind === 'serial';
  }

  #expansion(layer: number, { group }: PooledGroup, yStride: number) {
    const [, second, third] = group.targets;
    return {
      n1: second?.firstOutput ?? group.outputs,
      n2: third?.firstOutput ?? group.outputs,
      targets: group.targets.length,
      y_stride: yStride,
      ...this.#place(layer, group.bit),
      page4: group.pageWords / 4,
      b4: group.bAt / 4,
      out4: group.outputs / 4,
    };
  }

  #place(layer: number, bit: number) {
    return {
      table_stride: this.#parts.config.layers * TABLE_WORDS_PER_LAYER,
      table_at: layer * TABLE_WORDS_PER_LAYER + Math.log2(bit) * MAX_RANK_PAGES,
    };
  }
}

/** Gates and ups of each chunk as rows like any other, the gates first. */
function storedPairs(matrix: MatrixView): MatrixView {
  const chunks = matrix.chunks.map((chunk) => ({
    ...chunk,
    outputs: chunk.rows,
    firstOutput: 2 * chunk.firstOutput,
  }));
  return { ...matrix, chunks };
}
