declare const brand: unique symbol;

/** A string that only its own parser makes, so that two kinds of id never mix. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A libp2p peer id in its usual base58 text form, e.g. `12D3Koo…`. */
export type PeerId = Branded<'PeerId'>;
/** Lower-case hex of a SHA-256, 64 characters: the id of a piece of weights. */
export type PieceHash = Branded<'PieceHash'>;
/** Lower-case hex of the Merkle root over a model's pieces, 64 characters: the model's id. */
export type ModelRoot = Branded<'ModelRoot'>;
/** What an adapter is known by; for one of a swarm, lower-case hex of its content address. */
export type AdapterRoot = Branded<'AdapterRoot'>;
/** A batch that a requester submitted. */
export type JobId = Branded<'JobId'>;
/** One grant of one fragment to one peer; settlement compares it. */
export type LeaseId = Branded<'LeaseId'>;

const SHA256_HEX = /^[0-9a-f]{64}$/;

export function isSha256Hex(text: string): text is PieceHash & ModelRoot {
  return SHA256_HEX.test(text);
}
