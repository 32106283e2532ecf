import { bytesToHex } from '../base/bytes.ts';
import type { PublishedModel } from './model-shelf.ts';

/** What a page learns of its operator before anything else; all addresses are as the page's own request reached us. */
export interface Bootstrap {
  readonly v: 1;
  /** Hex of the Ed25519 public key that signs this operator's manifests. */
  readonly operator: string;
  /** WebSocket tracker. */
  readonly tracker: string;
  /** libp2p multiaddrs of the relay. */
  readonly relays: readonly string[];
  /** STUN and TURN servers; none, so that no third party learns who is here. */
  readonly iceServers: readonly never[];
  readonly models: readonly BootstrapModel[];
}

export interface BootstrapModel {
  readonly root: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly headerBytes: number;
  readonly architecture: string;
  readonly quantisation: string;
  readonly parameters: number;
  readonly contextTokens: number;
  readonly licence?: string;
  /** Hex. */
  readonly infoHash: string;
  /** Paths on this origin. */
  readonly manifest: string;
  readonly torrent: string;
  readonly webSeed: string;
}

export interface BootstrapInit {
  readonly publicKey: Uint8Array;
  readonly relayPeerId: string;
  readonly models: readonly PublishedModel[];
  /** The request's own `Host`, and whether it came over TLS. */
  readonly host: string;
  readonly isSecure: boolean;
}

export function describeOperator(init: BootstrapInit): Bootstrap {
  const { host, isSecure } = init;
  return {
    v: 1,
    operator: bytesToHex(init.publicKey),
    tracker: `${isSecure ? 'wss' : 'ws'}://${host}/announce`,
    relays: [`${hostToMultiaddr(host, isSecure)}/p2p/${init.relayPeerId}`],
    iceServers: [],
    models: init.models.map(describeModel),
  };
}

function describeModel({ root, manifest, infoHash }: PublishedModel): BootstrapModel {
  return {
    root,
    name: manifest.name,
    sizeBytes: manifest.sizeBytes,
    headerBytes: manifest.headerBytes,
    architecture: manifest.architecture,
    quantisation: manifest.quantisation,
    parameters: manifest.parameters,
    contextTokens: manifest.contextTokens,
    ...(manifest.licence === undefined ? {} : { licence: manifest.licence }),
    infoHash,
    manifest: `/manifests/${root}`,
    torrent: `/torrents/${root}.torrent`,
    webSeed: `/weights/${root}/${encodeURIComponent(manifest.name)}`,
  };
}

/** `localhost:8787` → `/dns4/localhost/tcp/8787/ws`, and so on for IPv4, IPv6 and TLS. */
export function hostToMultiaddr(host: string, isSecure: boolean): string {
  const { hostname, port } = new URL(`${isSecure ? 'https' : 'http'}://${host}`);
  const isIpv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname);
  const name = isIpv4
    ? `/ip4/${hostname}`
    : hostname.startsWith('[')
      ? `/ip6/${hostname.slice(1, -1)}`
      : `/dns4/${hostname}`;
  return `${name}/tcp/${port || (isSecure ? 443 : 80)}${isSecure ? '/tls' : ''}/ws`;
}
