import { TrainingDataError } from './errors.ts';
import type { PackedBatch } from './packed-batch.ts';
import { rowPositions, type TokenRow } from './token-row.ts';

const NO_LABEL = -1;

/**
 * Lays rows end to end. What is left over is filled with token 0, every such token a segment of its own and without
 * loss, so that all batches are of one size.
 *
 * @param positions T of the batch
 * @throws {TrainingDataError} `row-too-long` if the rows do not fit
 */
export function layRows(rows: readonly TokenRow[], positions: number): PackedBatch {
  const batch = {
    tokens: new Uint32Array(positions),
    positions: new Uint32Array(positions),
    segmentStarts: Uint32Array.from({ length: positions }, (_, at) => at),
    labels: new Int32Array(positions).fill(NO_LABEL),
  };
  let start = 0;
  for (const row of rows) {
    const count = rowPositions(row);
    checkFits(start + count, positions);
    batch.tokens.set(row.tokens.subarray(0, count), start);
    batch.segmentStarts.fill(start, start, start + count);
    for (let at = 0; at < count; at++) {
      batch.positions[start + at] = at;
      if (row.isLearnt[at + 1]) batch.labels[start + at] = row.tokens[at + 1] ?? NO_LABEL;
    }
    start += count;
  }
  return batch;
}

/**
 * Rows in as few batches of T positions as first-fit decreasing finds (at most 11/9 of the fewest possible; Johnson
 * 1973). The batches keep the order of the longest row in each; shuffle them, or the rows before.
 *
 * @throws {TrainingDataError} `row-too-long` for a row that fits no batch
 */
export function packRows(rows: readonly TokenRow[], positions: number): PackedBatch[] {
  const longestFirst = rows
    .map((row, order) => ({ row, order, count: rowPositions(row) }))
    .toSorted((a, b) => b.count - a.count || a.order - b.order);
  const bins: { free: number; first: number; rows: TokenRow[] }[] = [];
  for (const { row, order, count } of longestFirst) {
    if (count === 0) continue;
    checkFits(count, positions);
    const bin = bins.find(({ free }) => free >= count);
    if (bin) {
      bin.free -= count;
      bin.rows.push(row);
    } else {
      bins.push({ free: positions - count, first: order, rows: [row] });
    }
  }
  return bins.toSorted((a, b) => a.first - b.first).map(({ rows }) => layRows(rows, positions));
}

function checkFits(count: number, positions: number): void {
  if (count <= positions) return;
  throw new TrainingDataError('row-too-long', `rows of ${count} positions do not fit a batch of ${positions}`, {
    value: count,
    limit: positions,
  });
}
