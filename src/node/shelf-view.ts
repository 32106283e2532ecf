import type { ModelRoot, PeerId } from '../base/branded.ts';
import { bytesToHex, type Bytes } from '../base/bytes.ts';
import type { AdapterCard, Bootstrap, Manifest } from '../protocol/index.ts';
import { peerIdOf } from '../swarm/index.ts';
import type { ShelvedModel } from '../weights/index.ts';
import type { ModelTransfer } from '../weights/page-index.ts';
import type { Problem, ShelfModel } from './snapshot.ts';

/** An adapter that a peer made and shares. */
export interface SharedOffer {
  readonly author: PeerId;
  readonly card: AdapterCard;
}

/** All that a shelf is made of. */
export interface Listings {
  readonly offer: Bootstrap | undefined;
  readonly shelved: readonly ShelvedModel[];
  readonly shared: readonly SharedOffer[];
}

/** More would be a wall of strangers' names. */
const MAX_SHARED_SHOWN = 64;

/** Offered models first, in the operator's order, then what only this device still has, then what peers share. */
export function mergeShelf(
  { offer, shelved, shared }: Listings,
  transfer: ModelTransfer | undefined,
  loaded: ModelRoot | undefined,
  problems: ReadonlyMap<ModelRoot, Problem>,
): ShelfModel[] {
  const offered = offer?.models ?? [];
  const known = new Map(shelved.map((model) => [model.root, model]));
  const view = (about: About, author?: PeerId): ShelfModel => {
    const progress = transfer?.progress(about.root);
    const held = known.get(about.root);
    const isFetching = progress?.stage === 'fetching' || progress?.stage === 'checking';
    const heldBytes = Math.max(held?.heldBytes ?? 0, isFetching ? progress.verifiedBytes : 0);
    const resting = held?.state === 'complete' ? 'held' : heldBytes > 0 ? 'partial' : 'absent';
    return {
      root: about.root,
      name: about.name,
      sizeBytes: about.sizeBytes,
      heldBytes,
      architecture: about.architecture,
      quantisation: about.quantisation,
      parameters: about.parameters,
      contextTokens: about.contextTokens,
      adapter: about.adapter,
      licence: about.licence,
      author,
      isShared: false,
      state: isFetching ? 'downloading' : about.root === loaded ? 'loaded' : resting,
      fromPeersBytes: progress?.fromPeersBytes ?? 0,
      fromWebSeedBytes: progress?.fromWebSeedBytes ?? 0,
      uploadedBytes: progress?.uploadedBytes ?? 0,
      transferPeers: progress?.peers ?? 0,
      downloadSpeed: progress?.downBytesPerSecond ?? 0,
      problem: problems.get(about.root),
    };
  };
  const own = shelved.filter(({ root, heldBytes }) => heldBytes > 0 && !offered.some((model) => model.root === root));
  const roots = new Set<string>([...offered, ...own].map(({ root }) => root));
  const peers = new Map(shared.filter(({ card }) => !roots.has(card.root)).map((each) => [each.card.root, each]));
  return [
    ...offered.map((model) => view(model)),
    ...own.map(({ manifest, author }) => view(manifest, authorOf(author, offer))),
    ...[...peers.values()].slice(0, MAX_SHARED_SHOWN).map(({ card, author }) => view(aboutCard(card, offer), author)),
  ];
}

type About = Omit<Manifest, 't' | 'v' | 'hashes' | 'sizes' | 'infoHash' | 'headerBytes'>;

/** What can be told of an adapter before its manifest is here; its numbers are f32. */
function aboutCard({ root, name, sizeBytes, facts, licence }: AdapterCard, offer: Bootstrap | undefined): About {
  const base = offer?.models.find((model) => model.root === facts.base);
  return {
    root: root as string as ModelRoot,
    name,
    sizeBytes,
    architecture: base?.architecture ?? '?',
    quantisation: 'F32',
    parameters: Math.floor(sizeBytes / 4),
    contextTokens: 0,
    adapter: facts,
    licence,
  };
}

function authorOf(key: Bytes, offer: Bootstrap | undefined): PeerId | undefined {
  return bytesToHex(key) === offer?.operator ? undefined : peerIdOf(key);
}
