import type { LinkCounts, LinkState } from './link-table.ts';
import type { RelayState } from './relay-supervisor.ts';

/** What a person may want to know of the node's connections, and what metrics count. */
export interface SwarmStatus {
  readonly isRunning: boolean;
  readonly relays: readonly RelayState[];
  /** Peers with an open stream. */
  readonly links: readonly LinkState[];
  /** Of libp2p, relays included. */
  readonly connections: number;
  /** RTCPeerConnections made since the page was opened; at 300 no more are (a page has about 500 in it). */
  readonly peerConnectionsMade: number;
  readonly directDials: number;
  readonly directDialsFailed: number;
  readonly traffic: Readonly<LinkCounts>;
  /** Bad adverts by code. */
  readonly advertsRefused: Readonly<Record<string, number>>;
}
