import {
  lowRankExpandKernel,
  lowRankShrinkKernel,
  lowRankSwigluKernel,
  MAX_RANK_PAGES,
  SHRINK_LANES,
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
      const size = (rows: number) => [Math.ceil(outputs / (4 * WG)), rows] as const;
      swiglus.push(await this.#builder.rowsOp(lowRankSwigluKernel, params, buffers, {}, size));
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
    const expand = await this.#builder.rowsOp(
      lowRankExpandKernel,
      { ...this.#expansion(layer, pooled, outputs), n: outputs, first: 0 },
      [pooled.pool, ...this.#rows, y],
      {},
      (rows) => [Math.ceil(outputs / (4 * WG)), rows],
    );
    return [await this.#shrink(layer, pooled, x), expand].map((op) => ({ ...op, needs: bit }));
  }

  #shrink(layer: number, { group, pool }: PooledGroup, x: GPUBuffer): Promise<Op> {
    const { state, reduction } = this.#parts;
    const isSerial = reduction.kind === 'serial';
    const { shrunk, table } = this.#buffers;
    const lanes = isSerial ? 1 : SHRINK_LANES;
    const targets = group.targets.length;
    return this.#builder.rowsOp(
      lowRankShrinkKernel,
      { k4: group.inputs / 4, targets, ...this.#place(layer, group.bit), page4: group.pageFloats / 4 },
      [pool, x, state.rows, table, shrunk],
      { variants: { lanes: isSerial ? 'serial' : 'shared' }, overrides: { LANES: lanes } },
      (rows) => [Math.ceil((targets * RANK_LANES * lanes) / WG), rows],
    );
  }

  #expansion(layer: number, { group }: PooledGroup, yStride: number) {
    const [, second, third] = group.targets;
    return {
      n1: second?.firstOutput ?? group.outputs,
      n2: third?.firstOutput ?? group.outputs,
      targets: group.targets.length,
      y_stride: yStride,
      ...this.#place(layer, group.bit),
      page4: group.pageFloats / 4,
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
