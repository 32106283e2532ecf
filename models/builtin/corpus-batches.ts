import type { ModelTokenizer } from '../../src/engine/index.ts';
import { encodeConversation } from '../../src/training/data/encode-rows.ts';
import { layRows } from '../../src/training/data/pack-rows.ts';
import type { PackedBatch } from '../../src/training/data/packed-batch.ts';
import { rowPositions, type TokenRow } from '../../src/training/data/token-row.ts';
import { corpusRow } from './corpus/rows.ts';
import type { Split } from './corpus/names.ts';

export interface CorpusCursor {
  /** Index of the next row. */
  readonly row: number;
}

/** The next batch of the endless corpus: rows in their order, until one does not fit; no row is ever seen twice. */
export function nextBatch(
  tokenizer: ModelTokenizer,
  seed: number,
  split: Split,
  cursor: CorpusCursor,
  positions: number,
): { readonly batch: PackedBatch; readonly cursor: CorpusCursor } {
  const rows: TokenRow[] = [];
  let used = 0;
  for (let row = cursor.row; ; row++) {
    const encoded = encodeConversation(tokenizer, corpusRow(seed, row, split).messages);
    used += rowPositions(encoded);
    if (used > positions) return { batch: layRows(rows, positions), cursor: { row } };
    rows.push(encoded);
  }
}
