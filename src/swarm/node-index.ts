/**
 * The swarm's front door for the operator's process: the relay that pages meet at. Needs Node's `Promise.withResolvers`
 * (Node 22, or `base/with-resolvers.ts` imported first).
 *
 * @module swarm/node
 */
import '../base/with-resolvers.ts';

export { createRelayNode, type RelayMetrics, type RelayNode, type RelayNodeInit } from './relay-node.ts';
export { createIdentity, identityOf, type Identity } from './identity.ts';
