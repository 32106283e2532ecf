/** One low-rank change: the base product W x becomes W x + scale · B (A x) (Hu et al. 2021). */
export interface LowRankPair {
  /** 1 to 64. */
  readonly rank: number;
  /** alpha / rank, or alpha / √rank for rsLoRA. */
  readonly scale: number;
  /** (rank, inputs), rows one after the other */
  readonly a: Float32Array<ArrayBuffer>;
  /** (outputs, rank), rows one after the other */
  readonly b: Float32Array<ArrayBuffer>;
}

/** A LoRA adapter in memory: its pairs by the GGUF name of the base tensor that each changes, e.g. `blk.0.attn_q.weight`. */
export type AdapterWeights = ReadonlyMap<string, LowRankPair>;
