/** Bounds and periods of the swarm, each with its reason. Section numbers are those of the reference p2p-stack. */
import { MAX_MESSAGE_BYTES } from '../protocol/index.ts';

/** A frame is one message and one byte that says what the frame is. */
export const MAX_FRAME_BYTES = MAX_MESSAGE_BYTES + 1;
/** Bytes handed to a stream at once: 64 KiB reaches 85 % of the best rate and keeps buffers short (3.3). */
export const SEND_CHUNK_BYTES = 64 * 1024;
/** Bytes that may wait for one peer before `send` refuses more. */
export const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
/** A peer that takes nothing for this long is not reading. */
export const WRITE_STALL_MS = 20_000;
/** How long a change of stream waits for the old one to be read to its end. */
export const FLUSH_TIMEOUT_MS = 3_000;

/** Peers that this node works with at once (section 8: 8 to 16 keep a tab far below the browser's limits). */
export const MAX_WORK_PEERS = 16;
/** Peers that may come to us before newcomers are refused: they free themselves when idle. */
export const MAX_INBOUND_PEERS = 32;
/** A link without traffic for this long gives way to a new one. */
export const IDLE_LINK_MS = 30_000;
/** How long a peer may be without any connection before it counts as gone: a relay restarts, a circuit is renewed. */
export const GONE_GRACE_MS = 2_000;

/**
 * A WebRTC dial takes 0.2 s, longer on a busy machine, and about 6 round trips where the network is slow. Also the bound
 * of a relay's WebSocket.
 */
export const DIRECT_DIAL_TIMEOUT_MS = 4_000;
export const DIRECT_DIAL_ATTEMPTS = 3;
/** The peer with the higher id leaves the dial to the other for this long. */
export const DIRECT_DIAL_YIELD_MS = 8_000;
/** Between rounds of attempts, doubled every time. */
export const DIRECT_RETRY_MS = 2_000;
export const MAX_DIRECT_ROUNDS = 6;
/** A relayed connection beside a direct one is closed this long after (3.5). */
export const LEFTOVER_CLOSE_MS = 500;
/** … and this long after even if a stream on it was not ended. */
export const LEFTOVER_FORCE_MS = 5_000;
/** PeerConnections ever made by this page at which no more are: Chromium throws at about 500, closed ones included (4). */
export const MAX_PEER_CONNECTIONS_MADE = 300;
export const IDENTIFY_TIMEOUT_MS = 3_000;
export const RELAYED_DIAL_TIMEOUT_MS = 6_000;

export const RELAY_DIAL_TIMEOUT_MS = 8_000;
export const RELAY_BACKOFF_MIN_MS = 250;
export const RELAY_BACKOFF_MAX_MS = 15_000;
/** The supervisor looks by itself this often: a sleeping laptop misses events. */
export const RELAY_CHECK_MS = 5_000;
/** A relay that is full gives no error, only no address (3.4); then the connection is made anew. */
export const RESERVATION_TIMEOUT_MS = 15_000;

export const ADVERT_PERIOD_MS = 5_000;
/** Three missed adverts. */
export const ADVERT_LIFE_MS = 15_000;
/** Changes within this time become one advert. */
export const ADVERT_COALESCE_MS = 200;
/** Peers remembered from adverts; newcomers beyond are refused and counted. */
export const MAX_KNOWN_PEERS = 1_024;
