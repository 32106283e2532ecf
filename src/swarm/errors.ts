import { AppError } from '../base/app-error.ts';

/**
 * - `identity-invalid`: bytes or text that are no Ed25519 identity or peer id; whoever supplied them is at fault
 * - `address-invalid`: a relay address that is no multiaddr ending in `/p2p/…`; the configuration is at fault
 * - `not-started`: the node is not running; start it first
 * - `unreachable`: the peer cannot be reached now, directly or through a relay; retry may help
 * - `too-large`: a frame above the limit; ours to send, or sent to us
 * - `garbage`: bytes that are no frame of this protocol; the sender is at fault
 * - `backlog-full`: more waits for one peer than may; wait for earlier sends
 * - `stream-closed`: the stream to the peer ended while bytes waited; retry may help
 * - `peer-limit`: as many peers as this node may have are connected; retry may help when one leaves
 * - `advert-refused`: a presence advert that is bad; its sender is at fault
 */
export type SwarmErrorCode =
  | 'identity-invalid'
  | 'address-invalid'
  | 'not-started'
  | 'unreachable'
  | 'too-large'
  | 'garbage'
  | 'backlog-full'
  | 'stream-closed'
  | 'peer-limit'
  | 'advert-refused';

export interface SwarmErrorDetails {
  readonly peer?: string;
  readonly bytes?: number;
}

/** Thrown by every function of `swarm`. `details.peer` is set whenever one peer is concerned. */
export class SwarmError extends AppError<SwarmErrorCode, SwarmErrorDetails> {
  override readonly name = 'SwarmError';
}
