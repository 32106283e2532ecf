import { bfloat16Bits, LARGEST_BFLOAT16 } from '../../base/bfloat16.ts';
import { EngineError } from '../errors.ts';
import { MAX_RANK_PAGES, RANKS_PER_PAGE } from '../kernels/low-rank.ts';
import type { ModelConfig } from '../model/config.ts';
import { adapterGroups, type AdapterGroup } from './adapter-layout.ts';
import type { AdapterWeights, LowRankPair } from './adapter-weights.ts';

const MAX_RANK = MAX_RANK_PAGES * RANKS_PER_PAGE;

/** An adapter's pages of one group, layer by layer. */
export interface PackedGroup {
  readonly group: AdapterGroup;
  /** Pages of each layer: its greatest rank / 8, rounded up; 0 where the adapter changes nothing. */
  readonly pagesOfLayer: readonly number[];
  /** All pages one after the other. */
  readonly pages: Uint32Array<ArrayBuffer>;
}

/** An adapter as it is written to the GPU. */
export interface PackedAdapter {
  readonly groups: readonly PackedGroup[];
  /** Greatest rank of its pairs. */
  readonly rank: number;
  readonly sizeBytes: number;
}

/**
 * Checks an adapter against the model that it is for, and lays it out in pages of bfloat16; scales go into B.
 *
 * @throws {EngineError} `adapter-invalid`
 */
export function packAdapter(weights: AdapterWeights, config: ModelConfig): PackedAdapter {
  const all = adapterGroups(config);
  const left = new Set(weights.keys());
  const groups = all.map((group) => packGroup(group, weights, config.layers, left)).filter(({ pages }) => pages.length);
  const [stray] = left;
  if (stray !== undefined) throw invalid(stray, 'the model has no such tensor that adapters change');
  if (groups.length === 0) throw invalid('adapter', 'it changes no tensor');
  return {
    groups,
    rank: Math.max(...[...weights.values()].map(({ rank }) => rank)),
    sizeBytes: groups.reduce((sum, { pages }) => sum + pages.byteLength, 0),
  };
}

function packGroup(group: AdapterGroup, weights: AdapterWeights, layers: number, left: Set<string>): PackedGroup {
  const pairsOf = Array.from({ length: layers }, (_, layer) =>
    group.targets.map(({ tensor, outputs }) => {
      const name = `blk.${layer}.${tensor}.weight`;
      const pair = weights.get(name);
      left.delete(name);
      if (pair) checkPair(name, pair, group.inputs, outputs);
      return pair;
    }),
  );
  const pagesOfLayer = pairsOf.map((pairs) =>
    Math.ceil(Math.max(...pairs.map((pair) => pair?.rank ?? 0)) / RANKS_PER_PAGE),
  );
  const pages = new Uint32Array(pagesOfLayer.reduce((a, b) => a + b, 0) * group.pageWords);
  const numbers = new Uint16Array(pages.buffer);
  let first = 0;
  for (const [layer, pairs] of pairsOf.entries()) {
    for (const [target, pair] of pairs.entries()) if (pair) writePair(numbers, first, group, target, pair);
    first += pagesOfLayer[layer] ?? 0;
  }
  return { group, pagesOfLayer, pages };
}

/** Writes one pair into the pages from number `first` on; ranks beyond its own stay zero. */
function writePair(
  numbers: Uint16Array,
  first: number,
  { inputs, targets, outputs: all, pageWords, bAt }: AdapterGroup,
  target: number,
  { rank, scale, a, b }: LowRankPair,
): void {
  const { outputs = 0, firstOutput = 0 } = targets[target] ?? {};
  for (let r = 0; r < rank; r++) {
    const page = (first + Math.floor(r / RANKS_PER_PAGE)) * 2 * pageWords;
    const inPage = r % RANKS_PER_PAGE;
    const aAt = page + target * inputs * RANKS_PER_PAGE + 2 * inPage;
    for (let k = 0; k < inputs; k++)
      numbers[aAt + (k >> 1) * 2 * RANKS_PER_PAGE + (k & 1)] = bfloat16Bits(a[r * inputs + k] ?? 0);
    const bRow = page + 2 * bAt + (inPage >> 1) * 2 * all + 2 * firstOutput + (inPage & 1);
    for (let n = 0; n < outputs; n++) numbers[bRow + 2 * n] = bfloat16Bits((b[n * rank + r] ?? 0) * scale);
  }
}

function checkPair(name: string, { rank, scale, a, b }: LowRankPair, inputs: number, outputs: number): void {
  if (!Number.isInteger(rank) || rank < 1 || rank > MAX_RANK)
    throw invalid(name, `rank ${rank}, 1 to ${MAX_RANK} expected`);
  if (!Number.isFinite(scale)) throw invalid(name, `scale ${scale} is no number`);
  const check = (matrix: string, values: Float32Array, rows: number, columns: number, factor = 1) => {
    if (values.length !== rows * columns)
      throw invalid(name, `${matrix} has ${values.length} numbers, ${rows} × ${columns} expected`);
    if (!values.every((value) => Math.abs(value * factor) <= LARGEST_BFLOAT16))
      throw invalid(name, `${matrix} has a value that is no number, or scaled beyond those of bfloat16`);
  };
  check('A', a, rank, inputs);
  check('B', b, outputs, rank, scale);
}

function invalid(name: string, why: string): EngineError {
  const short = name.slice(0, 80);
  return new EngineError('adapter-invalid', `${short} of an adapter: ${why}; is it for this model?`, { name: short });
}
