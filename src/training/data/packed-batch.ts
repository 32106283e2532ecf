/**
 * Rows of training text, laid end to end: one micro-batch of T tokens. Segments (rows) never see each other.
 *
 * Source: sequence packing, Krell et al. 2021 (arXiv 2107.02027); −1 marks what carries no loss.
 */
export interface PackedBatch {
  /** (T) the tokens that go in. */
  readonly tokens: Uint32Array;
  /** (T) position of each token within its segment; turns its RoPE. */
  readonly positions: Uint32Array;
  /** (T) index in this batch of the first token of the same segment: what a token may attend to begins there. */
  readonly segmentStarts: Uint32Array;
  /** (T) the token that should follow, −1 where no loss is counted. */
  readonly labels: Int32Array;
}
