import type { ModelRoot, PieceHash } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { createEmitter, type Emitter } from '../base/emitter.ts';
import type { Manifest } from '../protocol/index.ts';
import { WeightsError } from './errors.ts';
import { infoHashText } from './info-hash.ts';
import { listPieces } from './model-pieces.ts';
import type { ModelRecords } from './model-records.ts';
import type { PartialStore } from './partial-store.ts';
import { missingRoom, noRoom, type StorageQuota } from './piece-room.ts';
import type { PieceStore } from './piece-store.ts';
import { openManifest } from './signed-manifest.ts';

/** A model that this device knows, with its documents. */
export interface KnownModel {
  readonly manifest: Manifest;
  /** Ed25519 public key of the publisher. */
  readonly author: Bytes;
  readonly manifestBytes: Bytes;
  readonly torrent: Bytes;
}

/** One line of the shelf that a person sees. */
export interface ShelvedModel {
  readonly root: ModelRoot;
  readonly manifest: Manifest;
  /** Ed25519 public key of the publisher. */
  readonly author: Bytes;
  readonly state: 'known' | 'partial' | 'complete';
  readonly sizeBytes: number;
  /** Bytes of its pieces that are stored, shared ones included. */
  readonly heldBytes: number;
  /** Of those, bytes that another known model uses too: deleting this model does not free them. */
  readonly sharedBytes: number;
  readonly lastUsedAtMs: number;
  readonly isInUse: boolean;
}

export interface LibraryComponents {
  readonly records: ModelRecords;
  readonly pieces: PieceStore;
  readonly partials: PartialStore;
  readonly storage: StorageQuota;
  readonly clock: Pick<Clock, 'now'>;
}

export interface LibraryEvents {
  /** Something on the shelf changed; read `list` again. */
  change: void;
  /** A model is being deleted: stop serving it. */
  deleted: ModelRoot;
}

/** The models that this device knows and holds. Pieces are shared, so sizes are counted by piece. */
export class ModelLibrary {
  readonly #components: LibraryComponents;
  readonly #inUse = new Map<ModelRoot, number>();
  readonly #events = createEmitter<LibraryEvents>();

  constructor(components: LibraryComponents) {
    this.#components = components;
  }

  get events(): Emitter<LibraryEvents> {
    return this.#events;
  }

  /**
   * Remembers a model; its bytes come later. Adding it again keeps its history.
   * @throws {ProtocolError} or {WeightsError} `manifest-invalid` for a manifest that does not open
   */
  async add(manifestBytes: Bytes, torrent: Bytes): Promise<KnownModel> {
    const { manifest, author } = openManifest(manifestBytes);
    const { records, clock } = this.#components;
    const before = await records.get(manifest.root);
    const nowMs = clock.now();
    await records.put(manifest.root, {
      manifestBytes,
      torrent,
      addedAtMs: before?.addedAtMs ?? nowMs,
      lastUsedAtMs: before?.lastUsedAtMs ?? nowMs,
    });
    this.#events.emit('change', undefined);
    return { manifest, author, manifestBytes, torrent };
  }

  /** @throws {WeightsError} `model-unknown` */
  async get(root: ModelRoot): Promise<KnownModel> {
    const record = await this.#components.records.get(root);
    if (!record) throw new WeightsError('model-unknown', `model ${root} is not known on this device`, { name: root });
    const { manifest, author } = openManifest(record.manifestBytes, { root });
    return { manifest, author, manifestBytes: record.manifestBytes, torrent: record.torrent };
  }

  /** Every known model, the most recently used first. */
  async list(): Promise<readonly ShelvedModel[]> {
    const held = await this.#components.pieces.list();
    const known = await this.#readAll();
    const users = countUsers(known.map(({ manifest }) => manifest));
    return known
      .map(({ manifest, author, lastUsedAtMs }) => {
        const hashes = uniqueHashes(manifest);
        let heldBytes = 0;
        let sharedBytes = 0;
        let isComplete = true;
        for (const [hash] of hashes) {
          const size = held.get(hash);
          if (size === undefined) isComplete = false;
          heldBytes += size ?? 0;
          if ((users.get(hash) ?? 0) > 1) sharedBytes += size ?? 0;
        }
        const { root, sizeBytes } = manifest;
        const state = isComplete ? 'complete' : heldBytes > 0 ? 'partial' : 'known';
        const isInUse = (this.#inUse.get(root) ?? 0) > 0;
        return { root, manifest, author, state, sizeBytes, heldBytes, sharedBytes, lastUsedAtMs, isInUse } as const;
      })
      .toSorted((a, b) => b.lastUsedAtMs - a.lastUsedAtMs);
  }

  /** Bytes of all stored pieces, each counted once. */
  async heldBytes(): Promise<number> {
    return sum((await this.#components.pieces.list()).values());
  }

  /** Notes that the model was used now: it moves to the end of the eviction order. */
  async touch(root: ModelRoot): Promise<void> {
    const { records, clock } = this.#components;
    const record = await records.get(root);
    if (record) await records.put(root, { ...record, lastUsedAtMs: clock.now() });
  }

  /** Marks the model as in use until the returned function is called: it is neither deleted nor evicted. */
  hold(root: ModelRoot): () => void {
    this.#inUse.set(root, (this.#inUse.get(root) ?? 0) + 1);
    this.#events.emit('change', undefined);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#inUse.set(root, (this.#inUse.get(root) ?? 1) - 1);
      this.#events.emit('change', undefined);
    };
  }

  /**
   * Deletes a model and those of its pieces that no other known model uses.
   * @returns bytes freed
   * @throws {WeightsError} `model-unknown` or `model-in-use`
   */
  async delete(root: ModelRoot): Promise<number> {
    if ((this.#inUse.get(root) ?? 0) > 0) {
      throw new WeightsError('model-in-use', `model ${root} is in use; stop it before deleting it`, { name: root });
    }
    const { manifest } = await this.get(root);
    const { records, pieces, partials } = this.#components;
    const others = countUsers((await this.#readAll()).flatMap((m) => (m.manifest.root === root ? [] : [m.manifest])));
    const held = await pieces.list();
    const own = [...uniqueHashes(manifest).keys()].filter((hash) => held.has(hash) && !others.has(hash));
    this.#events.emit('deleted', root);
    await records.delete(root);
    await pieces.delete(own);
    const infoHash = infoHashText(manifest);
    await partials.delete(infoHash, await partials.list(infoHash));
    this.#events.emit('change', undefined);
    return sum(own.map((hash) => held.get(hash) ?? 0));
  }

  /** Models that may be evicted, the least recently used first; never one in use. */
  async evictionOrder(): Promise<readonly ShelvedModel[]> {
    return (await this.list()).filter(({ isInUse, heldBytes }) => !isInUse && heldBytes > 0).toReversed();
  }

  /**
   * Makes sure, before the first byte, that what is missing of a model fits, and asks the browser to keep it.
   *
   * @param canEvict deletes least recently used models until it fits; otherwise nothing is deleted
   * @throws {WeightsError} `quota-exceeded` with `missingBytes`; nothing was deleted if evicting would not be enough
   */
  async reserve(root: ModelRoot, { canEvict = false } = {}): Promise<void> {
    const { storage } = this.#components;
    const { manifest } = await this.get(root);
    const neededBytes = await this.#missingBytes(manifest);
    // Refused in private windows and by some browsers: the model is then kept as long as the browser likes.
    await storage.persist().catch(() => false);
    let missing = await missingRoom(storage, neededBytes);
    if (missing === 0) return;
    const victims = canEvict ? (await this.evictionOrder()).filter((model) => model.root !== root) : [];
    const freeable = sum(victims.map(({ heldBytes, sharedBytes }) => heldBytes - sharedBytes));
    if (freeable < missing) throw noRoom(manifest.name, neededBytes, missing);
    for (const victim of victims) {
      missing -= await this.delete(victim.root);
      if (missing <= 0) return;
    }
    throw noRoom(manifest.name, neededBytes, missing);
  }

  async #missingBytes(manifest: Manifest): Promise<number> {
    const hashes = uniqueHashes(manifest);
    const held = await this.#components.pieces.has([...hashes.keys()]);
    return sum([...hashes].map(([hash, size]) => (held.has(hash) ? 0 : size)));
  }

  async #readAll(): Promise<readonly { manifest: Manifest; author: Bytes; lastUsedAtMs: number }[]> {
    const all = await this.#components.records.all();
    return all.map(([root, { manifestBytes, lastUsedAtMs }]) => ({
      ...openManifest(manifestBytes, { root }),
      lastUsedAtMs,
    }));
  }
}

function uniqueHashes(manifest: Manifest): Map<PieceHash, number> {
  return new Map(listPieces(manifest).map(({ hash, start, end }) => [hash, end - start]));
}

function countUsers(manifests: readonly Manifest[]): Map<PieceHash, number> {
  const users = new Map<PieceHash, number>();
  for (const manifest of manifests) {
    for (const hash of uniqueHashes(manifest).keys()) users.set(hash, (users.get(hash) ?? 0) + 1);
  }
  return users;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
