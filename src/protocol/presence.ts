import {
  array,
  boolean,
  exactOptional,
  literal,
  maxLength,
  pipe,
  strictObject,
  string,
  type InferOutput,
} from 'valibot';
import { adapterCard } from './adapter-card.ts';
import { MAX_ADVERTISED_ADAPTERS, MAX_ADVERTISED_MODELS, MAX_SHARED_ADAPTERS } from './limits.ts';
import { adapterRoot, byteString, modelRoot, realNumber, timestampMs, wholeNumber } from './schema.ts';

/** A peer's advert on the gossip topic: what it holds and how much it could take on now. Replaced by the next one. */
export const presence = strictObject({
  t: literal('swarm/presence'),
  v: literal(1),
  atMs: timestampMs,
  nonce: byteString(16, 16),
  /** After this moment the peer counts as gone; a peer that leaves sends one that has passed already. */
  expiresAtMs: timestampMs,
  /** Serving means: computes for others now. */
  models: pipe(
    array(
      strictObject({
        root: modelRoot,
        /** Sequences that it could start now. */
        freeSlots: wholeNumber(0, 1024),
        /** Measured decode speed over all slots, tokens a second. */
        tokensPerSecond: realNumber(0, 1e6),
        /** Adapters of this model that it has: warm ones are in the engine's memory, the others on its disk. */
        adapters: exactOptional(
          pipe(array(strictObject({ root: adapterRoot, isWarm: boolean() })), maxLength(MAX_ADVERTISED_ADAPTERS)),
        ),
      }),
    ),
    maxLength(MAX_ADVERTISED_MODELS),
  ),
  /** Adapters that it made and shares. */
  published: exactOptional(pipe(array(adapterCard), maxLength(MAX_SHARED_ADAPTERS))),
  /** Build of the sender, for people to read. */
  agent: pipe(string(), maxLength(64)),
});

export type Presence = InferOutput<typeof presence>;
