/**
 * A node of the swarm: who is there (signed adverts over gossip), and one ordered stream of messages to each peer,
 * through a relay at first and directly as soon as WebRTC has found a way.
 *
 * Runs in a page (WebRTC exists nowhere else) and, relayed only, in Node. libp2p is loaded by `start`. Everything that
 * can fail throws `SwarmError`.
 *
 * @module swarm
 */
export { SwarmError, type SwarmErrorCode } from './errors.ts';
export {
  createIdentity,
  exportIdentity,
  identityOf,
  importIdentity,
  peerIdOf,
  publicKeyOf,
  type Identity,
} from './identity.ts';
export type { LinkState } from './link-table.ts';
export type { LocalAdvert } from './presence-publisher.ts';
export type { KnownPeer } from './presence-table.ts';
export type { RelayState } from './relay-supervisor.ts';
export { createSwarmNode, type SwarmEvents, type SwarmNode, type SwarmNodeInit } from './swarm-node.ts';
export type { SwarmStatus } from './swarm-status.ts';
