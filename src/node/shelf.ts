import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import { concatBytes, hexToBytes, type Bytes } from '../base/bytes.ts';
import { createLogger, type LogSink } from '../base/logger.ts';
import type { Clock } from '../base/clock.ts';
import { createRandom } from '../base/random.ts';
import type { ModelSource } from '../engine/index.ts';
import { MAX_LICENCE_CHARS, type AdapterFacts, type Bootstrap, type Manifest, type Signer } from '../protocol/index.ts';
import { publicKeyOf } from '../swarm/index.ts';
import {
  listPieces,
  ModelLibrary,
  openManifest,
  parseGgufHeader,
  rebuildFile,
  type KnownModel,
  type ShelvedModel,
  WeightsError,
} from '../weights/index.ts';
import { buildModel, ModelTransfer, openTorrentFile, type ModelSources } from '../weights/page-index.ts';
import type { AdapterDocuments } from '../work/index.ts';
import { NodeError } from './errors.ts';
import type { NodeStorage } from './node-storage.ts';
import { problemOf } from './problem.ts';
import { mergeShelf, type SharedOffer } from './shelf-view.ts';
import type { Problem, ShelfModel } from './snapshot.ts';

/** The models that the operator offers or that this device holds, and the way from the one to the other. */
export interface Shelf {
  models(): readonly ShelfModel[];
  /** Reads the store again; `models` is then up to date. */
  refresh(): Promise<void>;
  /** Resolves when every piece is held; seeds from then on. @throws errors of `weights` by name */
  download(root: ModelRoot, signal?: AbortSignal): Promise<void>;
  /** Takes an offered model from a file of this device, piece by piece. @throws {NodeError} `unknown-file` */
  takeFile(file: File): Promise<ModelRoot>;
  cancel(root: ModelRoot): Promise<void>;
  delete(root: ModelRoot): Promise<void>;
  /**
   * Puts a file made on this device onto the shelf, with a manifest signed by its own key.
   *
   * @throws {WeightsError} by name, `quota-exceeded` among them
   */
  add(file: { readonly name: string; readonly bytes: Bytes }, licence?: string): Promise<ModelRoot>;
  export(root: ModelRoot): Promise<ReadableStream<Uint8Array>>;
  /** What the engine needs to load a held model. */
  source(root: ModelRoot): Promise<ModelSource>;
  /** The file's first bytes, fetched if need be: header, metadata, tensor table. */
  header(root: ModelRoot): Promise<Bytes>;
  /** Keeps the model from deletion until the returned function is called. */
  hold(root: ModelRoot): () => void;
  /** What came with a known model. @throws {WeightsError} `model-unknown` */
  documents(root: ModelRoot): Promise<KnownModel>;
  /** Serves a held model to others until it is cancelled or all is stopped. */
  seed(root: ModelRoot): Promise<void>;
  /** By root, file name, or file name without `.gguf`. */
  resolve(name: string): ModelRoot | undefined;
  /** Likewise, among adapters. */
  resolveAdapter(name: string): { readonly root: AdapterRoot; readonly base: ModelRoot } | undefined;
  stop(): Promise<void>;
}

export interface ShelfComponents {
  readonly storage: NodeStorage;
  readonly offer: () => Bootstrap | undefined;
  readonly loadedModel: () => ModelRoot | undefined;
  readonly clock: Clock;
  readonly log: LogSink;
  /** Signs what this device makes. */
  readonly signer: Signer;
  /** What peers share of their own now. */
  readonly shared: () => readonly SharedOffer[];
  /** Asks one of them for what is needed to fetch it. @throws {WorkError} `adapter-not-shared` */
  readonly ask: (offer: SharedOffer) => Promise<AdapterDocuments>;
}

export function createShelf(components: ShelfComponents, onChange: () => void): Shelf {
  const { offer, loadedModel, clock, log, signer, shared, ask } = components;
  const { records, pieces, partials, quota } = components.storage;
  const logger = createLogger('weights', log);
  const library = new ModelLibrary({ records, pieces, partials, storage: quota, clock });
  const newTransfer = () => {
    const random = createRandom(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1);
    const made = new ModelTransfer(
      { library, pieces, partials, clock, random, logger },
      { iceServers: offer()?.iceServers ?? [] },
    );
    made.events.on('progress', onChange);
    return made;
  };
  let transfer: ModelTransfer | undefined;
  let shelved: readonly ShelvedModel[] = [];
  const problems = new Map<ModelRoot, Problem>();
  library.events.on('change', () => void refresh());

  async function refresh(): Promise<void> {
    shelved = await library.list();
    onChange();
  }

  const offered = (root: ModelRoot) => offer()?.models.find((model) => model.root === root);

  /** Opens the signed manifest, once; a model that this device knows needs no server. */
  async function know(root: ModelRoot): Promise<Manifest> {
    const known = shelved.find((model) => model.root === root);
    if (known) return known.manifest;
    const entry = offered(root);
    const operator = offer()?.operator;
    const peer = shared().find(({ card }) => (card.root as string) === root);
    if (!entry && peer) return knowShared(root, peer);
    if (!entry || !operator) {
      throw new NodeError('unknown-model', `node: model ${root} is not offered here`, { model: root });
    }
    const [manifestBytes, torrent] = await Promise.all([fetchBytes(entry.manifest), fetchBytes(entry.torrent)]);
    openManifest(manifestBytes, { root, author: hexToBytes(operator) });
    const { manifest } = await library.add(manifestBytes, torrent);
    await refresh();
    return manifest;
  }

  /** Whole, and listed by nobody: nothing is fetched, and nobody is told of it. */
  function isOwn(root: ModelRoot): boolean {
    return !offered(root) && shelved.some((model) => model.root === root && model.state === 'complete');
  }

  function named(name: string): readonly ShelfModel[] {
    const all = mergeShelf({ offer: offer(), shelved, shared: shared() }, undefined, undefined, problems);
    return all.filter((model) => [model.root, model.name, model.name.replace(/\.gguf$/, '')].includes(name));
  }

  /** What a peer says of its own is believed as far as its key and the file's root hold it. */
  async function knowShared(root: ModelRoot, from: SharedOffer): Promise<Manifest> {
    const { manifestBytes, torrent } = await ask(from);
    const opened = openManifest(manifestBytes, { root, author: publicKeyOf(from.author) });
    const { sizeBytes, adapter, licence } = opened.manifest;
    const { card } = from;
    const isTold = sizeBytes === card.sizeBytes && licence?.slice(0, MAX_LICENCE_CHARS) === card.licence;
    if (!isTold || !equalFacts(adapter, card.facts)) {
      throw new NodeError('bad-offer', 'node: that peer tells something else of its adapter than it signed', {});
    }
    // Before anything is kept.
    await openTorrentFile(torrent, opened.manifest);
    const { manifest } = await library.add(manifestBytes, torrent);
    await refresh();
    return manifest;
  }

  function sources(root: ModelRoot): ModelSources {
    const entry = offered(root);
    const tracker = offer()?.tracker;
    return {
      announce: tracker ? [tracker] : [],
      webSeeds: entry ? [new URL(entry.webSeed, location.href).href] : [],
    };
  }

  return {
    models: () => mergeShelf({ offer: offer(), shelved, shared: shared() }, transfer, loadedModel(), problems),
    refresh,
    async download(root, signal) {
      problems.delete(root);
      try {
        await know(root);
        // What this device made itself is nobody else's until its person shares it.
        if (isOwn(root)) return;
        transfer ??= newTransfer();
        await transfer.fetch(root, sources(root), signal);
        logger.info('a model is complete on this device');
      } catch (error) {
        if ((error as Error).name !== 'AbortError') problems.set(root, problemOf(error));
        throw error;
      } finally {
        await refresh();
      }
    },
    async takeFile(file) {
      const entry = findOffered(offer(), file);
      const manifest = await know(entry.root);
      await library.reserve(entry.root);
      try {
        for (const { hash, start, end } of listPieces(manifest)) {
          await pieces.put(hash, new Uint8Array(await file.slice(start, end).arrayBuffer()));
        }
      } catch (error) {
        if (!(error instanceof WeightsError) || error.code !== 'hash-mismatch') throw error;
        throw unknownFile(file, error);
      } finally {
        await refresh();
      }
      logger.info('a model was taken from a file of this device', { name: entry.name });
      return entry.root;
    },
    async cancel(root) {
      await transfer?.stop(root);
      await refresh();
    },
    async delete(root) {
      await transfer?.stop(root);
      await library.delete(root);
      problems.delete(root);
      await refresh();
    },
    async add({ name, bytes }, licence) {
      const read = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
      const file = { name: plainName(name), sizeBytes: bytes.byteLength, read };
      const said = licence ?? parseGgufHeader(bytes).metadata.text('general.license');
      const built = await buildModel(file, { signer, ...(said !== undefined && { licence: said }) });
      // The bytes first: what the shelf lists is whole.
      for (const { hash, start, end } of listPieces(built.manifest)) await pieces.put(hash, bytes.slice(start, end));
      // One that is known stays its publisher's.
      if (!shelved.some(({ root }) => root === built.manifest.root)) {
        await library.add(built.manifestBytes, built.torrent);
      }
      await refresh();
      return built.manifest.root;
    },
    async export(root) {
      return rebuildFile(await know(root), pieces);
    },
    async source(root) {
      const manifest = await know(root);
      await library.touch(root);
      const list = listPieces(manifest).map(({ hash, start, end }) => ({ hash, sizeBytes: end - start }));
      return { root, headerBytes: manifest.headerBytes, pieces: list };
    },
    async header(root) {
      const manifest = await know(root);
      const list = listPieces(manifest).filter(({ start }) => start < manifest.headerBytes);
      const held = await pieces.has(list.map(({ hash }) => hash));
      if (held.size < list.length) {
        transfer ??= newTransfer();
        await transfer.fetchHeader(root, sources(root));
      }
      return concatBytes(await Promise.all(list.map(({ hash }) => pieces.read(hash))));
    },
    hold: (root) => library.hold(root),
    documents: (root) => library.get(root),
    async seed(root) {
      transfer ??= newTransfer();
      await transfer.fetch(root, sources(root));
    },
    resolve: (name) => named(name).find(({ adapter }) => adapter === undefined)?.root,
    resolveAdapter(name) {
      const found = named(name).find(({ adapter }) => adapter !== undefined);
      return found?.adapter && { root: found.root as string as AdapterRoot, base: found.adapter.base };
    },
    async stop() {
      await transfer?.stop();
      transfer = undefined;
      await refresh();
    },
  };
}

/** The offered model of this size, by name where several have it. @throws {NodeError} `unknown-file` */
function findOffered(offer: Bootstrap | undefined, file: File): Bootstrap['models'][number] {
  const alike = offer?.models.filter(({ sizeBytes }) => sizeBytes === file.size) ?? [];
  const found = alike.find(({ name }) => name === file.name) ?? alike[0];
  if (!found) throw unknownFile(file);
  return found;
}

function unknownFile({ name, size }: File, cause?: Error): NodeError {
  return new NodeError(
    'unknown-file',
    `node: ${name} of ${size} bytes is none of the models offered here; the Models section lists them`,
    {},
    { cause },
  );
}

/** A name that a manifest may carry. */
function plainName(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N} ._()+-]/gu, '-')
      .replace(/^\.+/, '')
      .slice(-128) || 'adapter.gguf'
  );
}

async function fetchBytes(path: string): Promise<Bytes> {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new NodeError(
      'offline',
      `node: ${path} cannot be read from the page’s server; try again later`,
      {},
      { cause },
    );
  }
}

function equalFacts(a: AdapterFacts | undefined, b: AdapterFacts): boolean {
  const text = ({ base, rank, parents }: AdapterFacts) => JSON.stringify([base, rank, parents]);
  return a !== undefined && text(a) === text(b);
}
