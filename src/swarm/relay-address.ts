import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { SwarmError } from './errors.ts';

export interface RelayAddress {
  readonly text: string;
  readonly dial: Multiaddr;
  /** Peer id of the relay, which the address must carry. */
  readonly relay: string;
}

/** @throws {SwarmError} `address-invalid` unless `text` is e.g. `/dns4/example.org/tcp/443/wss/p2p/12D3Koo…` */
export function parseRelayAddress(text: string): RelayAddress {
  try {
    const dial = multiaddr(text);
    const relay = dial.getComponents().find(({ name }) => name === 'p2p')?.value;
    if (relay !== undefined && !text.includes('/p2p-circuit')) return { text, dial, relay };
  } catch {
    // Falls through to the named error: the library's text does not say what would be right.
  }
  throw new SwarmError('address-invalid', `swarm: no relay address (…/p2p/PEER-ID): ${text.slice(0, 128)}`, {});
}

/** Where `peer` is reached through this relay: a circuit, or the signalling of a direct connection. */
export function throughRelay({ text }: RelayAddress, peer: string, kind: 'circuit' | 'direct'): Multiaddr {
  return multiaddr(`${text}/p2p-circuit/${kind === 'direct' ? 'webrtc/' : ''}p2p/${peer}`);
}
