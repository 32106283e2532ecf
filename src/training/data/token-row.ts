/** One row of training data as tokens: what a model reads in one piece, and which of it is to be learnt. */
export interface TokenRow {
  readonly tokens: Uint32Array;
  /** One for each token: 1 where predicting it counts, 0 where it is only read. The first is never predicted. */
  readonly isLearnt: Uint8Array;
}

/** Positions that a row takes in a batch: its last token is predicted, never read. */
export function rowPositions({ tokens }: TokenRow): number {
  return Math.max(0, tokens.length - 1);
}
