import type { Bootstrap, BootstrapModel } from '../protocol/index.ts';
import { infoHashText } from '../weights/index.ts';
import { relayMultiaddr, trackerUrl, type PublicAddress } from './public-address.ts';
import type { PublishedModel } from './publish-model.ts';

export interface BootstrapParts {
  readonly address: PublicAddress;
  /** Hex of the operator's public key. */
  readonly operator: string;
  readonly relayPeerId: string;
  readonly models: readonly PublishedModel[];
}

export function makeBootstrap({ address, operator, relayPeerId, models }: BootstrapParts): Bootstrap {
  return {
    v: 1,
    operator,
    tracker: trackerUrl(address),
    relays: [relayMultiaddr(address, relayPeerId)],
    iceServers: [],
    models: models.map(describe),
  };
}

function describe({ manifest }: PublishedModel): BootstrapModel {
  const { root, name, sizeBytes, headerBytes, architecture, quantisation, parameters, contextTokens } = manifest;
  return {
    root,
    name,
    sizeBytes,
    headerBytes,
    architecture,
    quantisation,
    parameters,
    contextTokens,
    ...(manifest.adapter === undefined ? {} : { adapter: manifest.adapter }),
    ...(manifest.licence === undefined ? {} : { licence: manifest.licence }),
    infoHash: infoHashText(manifest),
    manifest: `/manifests/${root}`,
    torrent: `/torrents/${root}.torrent`,
    webSeed: `/weights/${root}/${encodeURIComponent(name)}`,
  };
}
