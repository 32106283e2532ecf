/** One token to compute: of which sequence (slot), at which position. */
export interface StepRow {
  /** Its id, or `LATEST_TOKEN`. */
  readonly token: number;
  readonly slot: number;
  readonly position: number;
  /** Ask for the token after this one. */
  readonly wantsLogits: boolean;
  /** Ask for the logits themselves too. */
  readonly readsLogits: boolean;
  /** Ask for its final state in their place: what the head would read. */
  readonly readsState?: boolean;
}

/** This row's pick becomes its slot's latest: the high bit of the fourth word, as pick.wgsl knows it. */
const KEEP_PICK = 0x8000_0000;
/** An entry that lists no row. */
const NO_ROW = 0x7fff_ffff;
/** Rows of a workgroup where a row has one lane: the list is filled up to a multiple of this. */
const LIST_STEP = 4;

/**
 * Writes the step's rows as the kernels read them, (rows) of (token, slot, position, listed row): the fourth words list
 * the rows that want logits, the last one of each slot with `KEEP_PICK`.
 *
 * @param words room for the rows rounded up to `LIST_STEP`
 * @returns rows to upload
 */
export function fillRows(words: Uint32Array, rows: readonly StepRow[]): number {
  const length = Math.ceil(rows.length / LIST_STEP) * LIST_STEP;
  let listed = 0;
  const lastOf = new Map<number, number>();
  for (let m = 0; m < length; m++) words[4 * m + 3] = NO_ROW;
  for (const [m, { token, slot, position, wantsLogits }] of rows.entries()) {
    words[4 * m] = token;
    words[4 * m + 1] = slot;
    words[4 * m + 2] = position;
    if (!wantsLogits) continue;
    words[4 * listed + 3] = m;
    lastOf.set(slot, listed++);
  }
  for (const at of lastOf.values()) words[4 * at + 3] = ((words[4 * at + 3] ?? 0) | KEEP_PICK) >>> 0;
  return length;
}
