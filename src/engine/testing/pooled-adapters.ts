import type { Random } from '../../base/random.ts';
import { bfloat16Bits, bfloat16ToNumber } from '../../base/bfloat16.ts';
import type { LowRankPair } from '../adapters/adapter-weights.ts';
import { packAdapter } from '../adapters/pack-adapter.ts';
import { MAX_RANK_PAGES, NO_PAGE } from '../kernels/low-rank.ts';
import type { ModelConfig } from '../model/config.ts';

/** The tensors of one input that adapters change, with their outputs. */
export interface Targets {
  readonly tensors: Readonly<Record<string, number>>;
  readonly inputs: number;
}

/**
 * Adapters of one group, of numbers that bfloat16 has, in a pool in which their pages lie the wrong way round, with their
 * table.
 *
 * @param ranks of each slot's adapter; 0 stands for none
 */
export function pooledAdapters(
  config: ModelConfig,
  { tensors, inputs }: Targets,
  ranks: readonly number[],
  random: Random,
) {
  const numbers = (count: number) =>
    Float32Array.from({ length: count }, () => bfloat16ToNumber(bfloat16Bits(random.uniform() - 0.5)));
  const pairOf = (rank: number, outputs: number): LowRankPair => ({
    rank,
    scale: 0.5,
    a: numbers(rank * inputs),
    b: numbers(outputs * rank),
  });
  const names = Object.keys(tensors);
  const adapters = ranks.map((rank) =>
    rank === 0 ? [] : Object.values(tensors).map((outputs) => pairOf(rank, outputs)),
  );
  const parts = adapters.map((pairs) => {
    const weights = new Map(pairs.map((pair, i) => [`blk.0.${names[i]}.weight`, pair]));
    return pairs.length === 0 ? undefined : packAdapter(weights, config).groups[0];
  });
  const { group } = parts.find((part) => part !== undefined) ?? {};
  const pageWords = group?.pageWords ?? 0;
  const pageCount = parts.reduce((sum, part) => sum + (part?.pagesOfLayer[0] ?? 0), 0);
  const pool = new Uint32Array(pageCount * pageWords);
  const table = new Uint32Array(ranks.length * MAX_RANK_PAGES).fill(NO_PAGE);
  let next = pageCount;
  for (const [slot, part] of parts.entries()) {
    if (!part) continue;
    for (let i = 0; i < (part.pagesOfLayer[0] ?? 0); i++) {
      next--;
      pool.set(part.pages.subarray(i * pageWords, (i + 1) * pageWords), next * pageWords);
      table[slot * MAX_RANK_PAGES + i] = next;
    }
  }
  const place = { table_stride: MAX_RANK_PAGES, table_at: 0, page4: pageWords / 4 };
  return { adapters, pool, table, place, expansion: { b4: (group?.bAt ?? 0) / 4, out4: (group?.outputs ?? 0) / 4 } };
}
