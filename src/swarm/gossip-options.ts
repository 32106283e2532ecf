import type { GossipsubOpts } from '@libp2p/gossipsub';
import { PRESENCE_TOPIC } from '../protocol/index.ts';

// An advert plus its envelope and gossip's own signature; more is not even decoded.
const MAX_GOSSIP_BYTES = 32 * 1024;

/** What every member of the gossip agrees on, relay and page alike. */
export const gossipOptions: Partial<GossipsubOpts> = {
  allowedTopics: [PRESENCE_TOPIC],
  allowPublishToZeroTopicPeers: true,
  emitSelf: false,
  maxInboundDataLength: MAX_GOSSIP_BYTES,
  // All peers behind one relay, proxy or NAT share an address. The default takes score from every peer beyond ten of
  // one address, until a busy relay ignores everybody.
  scoreParams: { IPColocationFactorWeight: 0 },
};
