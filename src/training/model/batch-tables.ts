import { TrainingError } from '../errors.ts';
import type { PackedBatch } from '../data/packed-batch.ts';

/** A micro-batch as the kernels read it; see `BatchBuffers`. */
export interface BatchTables {
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  readonly tokenGroups: Uint32Array<ArrayBuffer>;
  readonly order: Uint32Array<ArrayBuffer>;
  /** Labels, i.e. rows that carry loss. */
  readonly labelCount: number;
}

const NO_ROW = 0xffff_ffff;

/**
 * Pads a batch to `capacity` rows, which see only themselves and carry no loss, and lists the rows that do.
 *
 * @throws {TrainingError} `batch-invalid`
 */
export function tabulateBatch(
  batch: PackedBatch,
  capacity: number,
  vocabulary: number,
  positions: number,
): BatchTables {
  checkBatch(batch, capacity, vocabulary, positions);
  const count = batch.tokens.length;
  const rows = new Uint32Array(4 * capacity);
  const labels = new Int32Array(capacity).fill(-1);
  let labelCount = 0;
  const rowsOf = new Map<number, number[]>();
  for (let t = 0; t < capacity; t++) {
    const token = batch.tokens[t] ?? 0;
    rows.set([token, batch.positions[t] ?? 0, batch.segmentStarts[t] ?? t, NO_ROW], 4 * t);
    const label = batch.labels[t] ?? -1;
    if (label >= 0) {
      labels[labelCount] = label;
      labelCount++;
    }
    if (t >= count) continue;
    const known = rowsOf.get(token);
    if (known) known.push(t);
    else rowsOf.set(token, [t]);
  }
  let listed = 0;
  batch.labels.forEach((label, t) => {
    if (label >= 0) rows[4 * listed++ + 3] = t;
  });
  const tokenGroups = new Uint32Array(4 * capacity);
  const order = new Uint32Array(capacity);
  let at = 0;
  let group = 0;
  for (const [token, its] of rowsOf) {
    tokenGroups.set([token, at, at + its.length, 0], 4 * group++);
    order.set(its, at);
    at += its.length;
  }
  return { rows, labels, tokenGroups, order, labelCount };
}

function checkBatch(batch: PackedBatch, capacity: number, vocabulary: number, positions: number): void {
  const { tokens, labels, segmentStarts } = batch;
  const count = tokens.length;
  const fail = (what: string, value: number, limit: number): never => {
    throw new TrainingError('batch-invalid', `${what} is ${value}, limit ${limit}; pack the batch again`, {
      name: what,
      value,
      limit,
    });
  };
  if (count === 0 || count > capacity) fail('count of tokens', count, capacity);
  for (const table of ['positions', 'segmentStarts', 'labels'] as const)
    if (batch[table].length !== count) fail(`length of ${table}`, batch[table].length, count);
  for (let t = 0; t < count; t++) {
    const token = tokens[t] ?? 0;
    const label = labels[t] ?? -1;
    const position = batch.positions[t] ?? 0;
    const start = segmentStarts[t] ?? 0;
    if (token >= vocabulary) fail(`token ${t}`, token, vocabulary - 1);
    if (label < -1 || label >= vocabulary) fail(`label ${t}`, label, vocabulary - 1);
    if (position >= positions) fail(`position ${t}`, position, positions - 1);
    // Segments lie one after the other: a row begins one, or belongs to that of the row before.
    if (start !== t && (t === 0 || start !== segmentStarts[t - 1])) fail(`segment start of row ${t}`, start, t);
  }
}
