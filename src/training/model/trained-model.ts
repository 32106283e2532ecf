import type { AdaptedLinear } from './adapted-linear.ts';
import type { Linear, WeightPart } from './linear.ts';
import type { Bound } from './op-list.ts';

/** A norm's gain, and where its gradient goes if it is trained. */
export interface Gain {
  readonly weights: Bound;
  readonly gradient: Bound | undefined;
}

/** A layer's weights. */
export interface Layer {
  readonly attentionNorm: Gain;
  readonly qkv: AdaptedLinear;
  /** Biases of q, k and v, frozen. */
  readonly bias: Bound | undefined;
  /** Gains of the norms of queries' and keys' heads, frozen, from the `at`-th number of the buffer. */
  readonly headGains: { readonly weights: Bound; readonly at: number } | undefined;
  readonly output: AdaptedLinear;
  readonly ffnNorm: Gain;
  readonly gateUp: AdaptedLinear;
  readonly down: AdaptedLinear;
}

/** The last norm and the product with the vocabulary. */
export interface Head {
  readonly norm: Gain;
  readonly logits: Linear;
}

/** A model as its forward and backward passes see it, whatever of it is trained. */
export interface TrainedModel {
  readonly embedding: { readonly parts: readonly WeightPart[]; readonly gradient: Bound | undefined };
  readonly layers: readonly Layer[];
  readonly head: Head;
}
