import type WebTorrent from 'webtorrent';
import type { ModelRoot } from '../../base/branded.ts';
import type { Clock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import { infoHashText } from '../info-hash.ts';
import type { ModelLibrary } from '../model-library.ts';
import { listPieces, type ModelPiece } from '../model-pieces.ts';
import type { PartialStore } from '../partial-store.ts';
import { PieceAssembler } from '../piece-assembler.ts';
import type { PieceStore } from '../piece-store.ts';
import { fetchHeaderPieces } from './fetch-header.ts';
import { openTorrentFile } from './torrent-file.ts';
import { TorrentRun } from './torrent-run.ts';
import type { TransferProgress } from './transfer-progress.ts';
import type { createWebTorrentClient, GrantedWebSeed } from './webtorrent-client.ts';

/** Where a model may be had. Nothing else is ever asked: no public tracker, no DHT. */
export interface ModelSources {
  /** WebSocket trackers, e.g. `wss://operator.example/announce`. */
  readonly announce: readonly string[];
  /** URLs of the file itself, with HTTP ranges; the operator's own origin first. */
  readonly webSeeds: readonly string[];
}

export interface TransferComponents {
  readonly library: ModelLibrary;
  readonly pieces: PieceStore;
  readonly partials: PartialStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface TransferInit {
  /** STUN and TURN servers for peers behind NAT; none by default, so that nobody else learns who downloads. */
  readonly iceServers?: readonly RTCIceServer[];
  /** WebRTC peers a model. */
  readonly maxConns?: number;
  /** Without a verified byte for so long a transfer fails by name. */
  readonly patienceMs?: number;
  /** Lets the library evict the least recently used models to make room. */
  readonly canEvict?: boolean;
}

export interface TransferEvents {
  progress: TransferProgress;
  /** A content piece of this model was checked and stored. */
  piece: { readonly root: ModelRoot; readonly piece: ModelPiece };
}

/** What is loaded when the first transfer starts. */
interface ClientModule {
  readonly createWebTorrentClient: typeof createWebTorrentClient;
  readonly GrantedWebSeed: typeof GrantedWebSeed;
}

interface Active {
  readonly sources: ModelSources;
  readonly abort: AbortController;
  run: TorrentRun | undefined;
  progress: TransferProgress | undefined;
}

const MAX_CONNS = 10;
const PATIENCE_MS = 45_000;

/**
 * Fetches models from other tabs over WebRTC, with the operator's web seed as the floor, and serves them on while the
 * tab is open. webtorrent is loaded when the first transfer starts.
 */
export class ModelTransfer {
  readonly #components: TransferComponents;
  readonly #init: TransferInit;
  readonly #active = new Map<ModelRoot, Active>();
  readonly #events = createEmitter<TransferEvents>();
  readonly #unsubscribe: () => void;
  #module: Promise<ClientModule> | undefined;
  #client: WebTorrent | undefined;

  constructor(components: TransferComponents, init: TransferInit = {}) {
    this.#components = components;
    this.#init = init;
    this.#unsubscribe = components.library.events.on('deleted', (root) => void this.stop(root));
  }

  get events(): Emitter<TransferEvents> {
    return this.#events;
  }

  /** Undefined if the model was not started since this object exists. */
  progress(root: ModelRoot): TransferProgress | undefined {
    return this.#active.get(root)?.progress;
  }

  /**
   * Fetches what is missing of a known model and seeds it from the first verified chunk on. Calling it again while it
   * runs waits for the same transfer.
   *
   * @returns when every piece is stored; seeding goes on until `stop`
   * @throws {WeightsError} `model-unknown`, `torrent-invalid`, `quota-exceeded`, `store-failed`, `hash-mismatch`,
   *   `no-sources`, `sources-corrupt` or `transfer-failed`; `AbortError` when stopped or paused
   */
  async fetch(root: ModelRoot, sources: ModelSources, signal?: AbortSignal): Promise<void> {
    const run = await this.#start(root, sources, undefined, signal);
    await untilAborted(run.complete, signal, () => this.stop(root));
  }

  /**
   * Fetches only the pieces that hold the header: enough for the tokenizer of a tab that computes nothing itself.
   * @throws like `fetch`
   */
  async fetchHeader(root: ModelRoot, sources: ModelSources, signal?: AbortSignal): Promise<void> {
    const { manifest } = await this.#components.library.get(root);
    const bounded = signal ?? new AbortController().signal;
    if (await fetchHeaderPieces(manifest, sources.webSeeds, this.#components.pieces, { signal: bounded })) return;
    if (this.#active.get(root)?.run) return this.fetch(root, sources, signal);
    const run = await this.#start(root, { ...sources, webSeeds: [] }, manifest.headerBytes, signal);
    await untilAborted(run.complete, signal, () => this.stop(root));
    await this.stop(root);
  }

  /** Stops sending and receiving; `resume` goes on exactly where it was. */
  async pause(root: ModelRoot): Promise<void> {
    const active = this.#active.get(root);
    await active?.run?.stop('paused');
    if (active) active.run = undefined;
  }

  /** @throws like `fetch` */
  async resume(root: ModelRoot): Promise<void> {
    const active = this.#active.get(root);
    if (active && !active.run) await this.fetch(root, active.sources);
  }

  /** Ends the transfer and the seeding of one model, or of all and the client with them. */
  async stop(root?: ModelRoot): Promise<void> {
    const roots = root === undefined ? [...this.#active.keys()] : [root];
    await Promise.all(
      roots.map(async (each) => {
        const active = this.#active.get(each);
        active?.abort.abort();
        await active?.run?.stop();
        if (this.#active.get(each) === active) this.#active.delete(each);
      }),
    );
    if (root !== undefined) return;
    this.#unsubscribe();
    this.#client?.destroy();
    this.#client = undefined;
  }

  async #start(
    root: ModelRoot,
    sources: ModelSources,
    wantedBytes: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TorrentRun> {
    const running = this.#active.get(root);
    if (running?.run && running.progress?.stage !== 'failed') return running.run;
    const active: Active = { sources, abort: new AbortController(), run: undefined, progress: running?.progress };
    this.#active.set(root, active);
    const release = this.#components.library.hold(root);
    try {
      active.run = await this.#createRun(root, active, wantedBytes, signal);
    } catch (error) {
      this.#active.delete(root);
      release();
      throw error;
    }
    // Seeding must not stand in the way of deleting: only a running download counts as use.
    active.run.complete.then(release, release);
    return active.run;
  }

  async #createRun(
    root: ModelRoot,
    active: Active,
    wantedBytes: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TorrentRun> {
    const { library, pieces, partials, clock, random, logger } = this.#components;
    const { manifest, torrent: torrentBytes } = await library.get(root);
    const torrent = await openTorrentFile(torrentBytes, manifest);
    if (wantedBytes === undefined) await library.reserve(root, { canEvict: this.#init.canEvict ?? false });
    const onPiece = (piece: ModelPiece) => this.#events.emit('piece', { root, piece });
    const model = listPieces(manifest);
    const assembler = await PieceAssembler.open(
      { model, infoHash: infoHashText(manifest), chunkBytes: torrent.pieceLength, onPiece },
      { pieces, partials },
    );
    const { createWebTorrentClient, GrantedWebSeed } = await this.#load();
    signal?.throwIfAborted();
    active.abort.signal.throwIfAborted();
    const maxConns = this.#init.maxConns ?? MAX_CONNS;
    this.#client ??= createWebTorrentClient({
      iceServers: this.#init.iceServers ?? [],
      maxConns,
      wanted: () =>
        Math.max(0, maxConns - Math.max(0, ...[...this.#active.values()].map((a) => a.run?.peerCount ?? 0))),
    });
    this.#client.on('error', (error) => logger.error('torrent client failed', { text: String(error).slice(0, 200) }));
    return new TorrentRun(
      {
        client: this.#client,
        makeSeed: (...args) => new GrantedWebSeed(...args),
        assembler,
        clock,
        random,
        logger,
      },
      {
        root,
        torrent,
        announce: active.sources.announce,
        webSeeds: active.sources.webSeeds,
        maxConns,
        wantedBytes,
        patienceMs: this.#init.patienceMs ?? PATIENCE_MS,
        onProgress: (progress) => {
          active.progress = progress;
          this.#events.emit('progress', progress);
        },
      },
    );
  }

  /** A failed load (offline) may be tried again. */
  #load(): Promise<ClientModule> {
    this.#module ??= import('./webtorrent-client.ts').catch((error: unknown) => {
      this.#module = undefined;
      throw error;
    });
    return this.#module;
  }
}

async function untilAborted(
  done: Promise<void>,
  signal: AbortSignal | undefined,
  stop: () => Promise<void>,
): Promise<void> {
  const onAbort = () => void stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await done;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
