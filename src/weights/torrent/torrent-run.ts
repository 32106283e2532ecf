import type { ParsedTorrent } from 'parse-torrent';
import type WebTorrent from 'webtorrent';
import type { Torrent } from 'webtorrent';
import type { ModelRoot } from '../../base/branded.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import { WeightsError } from '../errors.ts';
import type { PieceAssembler } from '../piece-assembler.ts';
import { createChunkStore } from './chunk-store.ts';
import { PeerPolicy } from './peer-policy.ts';
import { isOverfetched } from './source-guard.ts';
import { keepTrackers } from './tracker-keeper.ts';
import { TransferMeter, type TransferProgress, type TransferStage } from './transfer-progress.ts';
import { WebSeedLink } from './web-seed-link.ts';
import { WebSeedPlan } from './web-seed-plan.ts';
import type { GrantedWebSeed } from './webtorrent-client.ts';

export interface RunComponents {
  readonly client: WebTorrent;
  readonly makeSeed: (...args: ConstructorParameters<typeof GrantedWebSeed>) => GrantedWebSeed;
  readonly assembler: PieceAssembler;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface RunInit {
  readonly root: ModelRoot;
  readonly torrent: ParsedTorrent;
  readonly announce: readonly string[];
  readonly webSeeds: readonly string[];
  readonly maxConns: number;
  /** Only the chunks of the first bytes; undefined for all. */
  readonly wantedBytes: number | undefined;
  /** Without a verified byte for so long, the transfer fails by name. */
  readonly patienceMs: number;
  readonly onProgress: (progress: TransferProgress) => void;
}

const TICK_MS = 250;
/** A lone peer that brings nothing for so long makes room for the next. */
const LONE_PEER_MS = 10_000;
/** webtorrent keeps this much of what it read for uploads. */
const READ_CACHE_BYTES = 16 * 1024 * 1024;

/** One torrent from its start to its stop: fetching until everything wanted is verified, then seeding. */
export class TorrentRun {
  /** Settles when everything wanted is stored, or by name when that cannot be. */
  readonly complete: Promise<void>;
  readonly #components: RunComponents;
  readonly #init: RunInit;
  readonly #torrent: Torrent;
  readonly #policy: PeerPolicy;
  readonly #plan: WebSeedPlan;
  readonly #meter = new TransferMeter();
  readonly #settle = Promise.withResolvers<void>();
  readonly #startMs: number;
  readonly #wantedChunks: number;
  readonly #verifiedAtStart: number;
  #links: readonly WebSeedLink[] = [];
  #verifiedBytes: number;
  #lastVerifiedMs: number;
  #countedOthers: number | undefined;
  #stage: TransferStage = 'fetching';
  #speeds = { peers: 0, web: 0, up: 0 };
  #storeError: unknown;
  readonly #cancelTimers: readonly (() => void)[];

  constructor(components: RunComponents, init: RunInit) {
    this.#components = components;
    this.#init = init;
    const { assembler, client, clock, logger, random } = components;
    const { pieceLength } = init.torrent;
    this.complete = this.#settle.promise;
    this.complete.catch(() => undefined);
    this.#startMs = clock.now();
    this.#lastVerifiedMs = this.#startMs;
    this.#verifiedBytes = assembler.verifiedBytes;
    this.#verifiedAtStart = this.#verifiedBytes;
    this.#wantedChunks = Math.ceil((init.wantedBytes ?? init.torrent.length) / pieceLength);
    this.#plan = new WebSeedPlan(random);
    this.#torrent = client.add(init.torrent, {
      announce: [...init.announce],
      preloadedStore: createChunkStore(assembler, pieceLength, (error) => (this.#storeError ??= error)),
      storeCacheSlots: Math.max(2, Math.floor(READ_CACHE_BYTES / pieceLength)),
      bitfield: startupBits(assembler),
      strategy: 'rarest',
      deselect: init.wantedBytes !== undefined,
    });
    this.#torrent.on('error', (error) => this.#fail(this.#namedFailure(error)));
    this.#torrent.on('verified', (index) => this.#onVerified(index));
    this.#torrent.on('ready', () => this.#onReady());
    this.#policy = new PeerPolicy(this.#torrent, logger, {
      maxConns: init.maxConns,
      onBytes: (wire, count) => {
        if (wire.type === 'webSeed') this.#meter.fromWebSeedBytes += count;
        else this.#meter.fromPeersBytes += count;
      },
      onUpload: (count) => (this.#meter.uploadedBytes += count),
      onWebSeedBanned: (url) => this.#links.find((link) => link.url === url)?.ban(),
    });
    this.#cancelTimers = [clock.every(TICK_MS, () => this.#tick()), keepTrackers(this.#torrent, clock, random)];
  }

  get peerCount(): number {
    return this.#policy.peers.length;
  }

  get progress(): TransferProgress {
    const { fromPeersBytes, fromWebSeedBytes, uploadedBytes } = this.#meter;
    return {
      root: this.#init.root,
      stage: this.#stage,
      sizeBytes: this.#init.torrent.length,
      verifiedBytes: this.#verifiedBytes,
      fromPeersBytes,
      fromWebSeedBytes,
      uploadedBytes,
      peers: this.#policy.peers.length,
      downBytesPerSecond: this.#speeds.peers + this.#speeds.web,
      upBytesPerSecond: this.#speeds.up,
      banned: this.#policy.bannedCount,
    };
  }

  /** Closes every connection; what was verified stays stored. */
  async stop(stage: 'paused' | 'stopped' = 'stopped'): Promise<void> {
    if (this.#stage !== 'failed') this.#stage = stage;
    this.#settle.reject(new DOMException('the transfer was stopped', 'AbortError'));
    await this.#close();
  }

  async #close(): Promise<void> {
    for (const cancel of this.#cancelTimers) cancel();
    for (const link of this.#links) link.stop();
    if (!this.#torrent.destroyed) {
      await new Promise<void>((resolve) => {
        // A tracker that does not answer must not hold the stop up.
        this.#components.clock.after(1000, resolve);
        this.#torrent.destroy({ destroyStore: false }, () => resolve());
      });
    }
    this.#init.onProgress(this.progress);
  }

  #onReady(): void {
    const { clock, logger, makeSeed } = this.#components;
    const { torrent, webSeeds, wantedBytes } = this.#init;
    this.#torrent.discovery?.tracker?.on('update', ({ complete, incomplete }) => {
      this.#countedOthers = Math.max(0, complete + incomplete - 1);
    });
    if (this.#isDone()) return this.#finish();
    if (wantedBytes !== undefined) this.#torrent.select(0, this.#wantedChunks - 1, 1);
    this.#links = webSeeds.map(
      (url) =>
        new WebSeedLink(
          { torrent: this.#torrent, makeSeed, clock, logger },
          {
            url,
            sizeBytes: torrent.length,
            chunkBytes: torrent.pieceLength,
            onWaste: (count) => (this.#meter.lostBytes += count),
          },
        ),
    );
    if (this.#init.announce.length === 0) this.#countedOthers = 0;
  }

  #onVerified(index: number): void {
    if (!this.#torrent.ready) return; // checked at the start, counted by the assembler
    const { length, pieceLength } = this.#init.torrent;
    this.#verifiedBytes += Math.min(pieceLength, length - index * pieceLength);
    this.#lastVerifiedMs = this.#components.clock.now();
    for (const link of this.#links) link.verified(index);
    if (this.#isDone()) this.#finish();
  }

  #isDone(): boolean {
    for (let chunk = 0; chunk < this.#wantedChunks; chunk++) if (!this.#torrent.bitfield?.get(chunk)) return false;
    return true;
  }

  #finish(): void {
    if (this.#stage !== 'fetching') return;
    this.#stage = 'seeding';
    for (const link of this.#links) link.stop();
    this.#init.onProgress(this.progress);
    this.#settle.resolve();
  }

  #tick(): void {
    this.#speeds = this.#meter.tick(this.#components.clock.now());
    this.#policy.dropHoarders();
    if (this.#stage === 'fetching' && this.#torrent.ready) {
      this.#checkWaste();
      this.#grant();
      this.#checkPatience();
    }
    if (this.#stage === 'fetching' || this.#stage === 'seeding') this.#init.onProgress(this.progress);
  }

  #checkWaste(): void {
    const { length, pieceLength } = this.#init.torrent;
    const gained = this.#verifiedBytes - this.#verifiedAtStart;
    const wasted = this.#meter.receivedBytes - (this.#torrent.downloaded - this.#verifiedAtStart);
    const isWebUsable = this.#links.some((link) => link.isUsable);
    if (this.#policy.mode === 'web-only' && this.#links.every((link) => link.isBanned))
      this.#policy.distrust('one-peer');
    if (this.#policy.mode !== 'open' || !isOverfetched(wasted, gained, length, pieceLength)) return;
    this.#policy.distrust(isWebUsable ? 'web-only' : 'one-peer');
  }

  #grant(): void {
    const links = this.#links.filter((link) => link.isUsable);
    if (links.length === 0) return;
    const others = this.#policy.peers.map((wire) => ({
      id: wire.peerId ?? '',
      has: (chunk: number) => wire.peerPieces.get(chunk),
    }));
    if (others.length > 0 && this.#policy.mode === 'open') this.#revokeRamp(links);
    const missing: number[] = [];
    for (let chunk = 0; chunk < this.#wantedChunks; chunk++) {
      if (!this.#torrent.bitfield?.get(chunk)) missing.push(chunk);
    }
    const granted = new Set(links.flatMap((link) => [...link.granted]));
    const grants = this.#plan.next({
      elapsedMs: this.#components.clock.now() - this.#startMs,
      missing,
      granted,
      selfId: this.#components.client.peerId,
      others,
      countedOthers: this.#countedOthers,
      peerBytesPerSecond: this.#speeds.peers,
      isWebOnly: this.#policy.mode === 'web-only',
    });
    for (const [i, chunk] of grants.entries()) links[i % links.length]?.grant([chunk]);
  }

  /** What was granted while alone goes back to the swarm when the first peer arrives. */
  #revokeRamp(links: readonly WebSeedLink[]): void {
    if (this.#hasMetPeers) return;
    this.#hasMetPeers = true;
    for (const link of links) link.revokeIdle();
  }
  #hasMetPeers = false;

  #checkPatience(): void {
    const idleMs = this.#components.clock.now() - this.#lastVerifiedMs;
    if (this.#policy.mode === 'one-peer' && idleMs > LONE_PEER_MS && idleMs % LONE_PEER_MS < TICK_MS) {
      this.#policy.dropPeers();
    }
    if (idleMs < this.#init.patienceMs) return;
    const banned = this.#policy.bannedCount;
    const name = this.#init.torrent.name;
    this.#fail(
      banned > 0 || this.#policy.mode !== 'open'
        ? new WeightsError(
            'sources-corrupt',
            `${banned} sources of ${name} sent bytes that fail their hashes, and no other has it; try another operator`,
            { name, value: banned },
          )
        : new WeightsError(
            'no-sources',
            `nobody sent anything of ${name} for ${Math.round(idleMs / 1000)} s; try again when the operator or a peer is up`,
            { name, value: idleMs },
          ),
    );
  }

  #namedFailure(error: Error | string): Error {
    if (this.#storeError instanceof Error) return this.#storeError;
    const text = error instanceof Error ? error.message : error;
    return new WeightsError(
      'transfer-failed',
      `the torrent ended: ${text.slice(0, 200)}; starting again continues where it was`,
      {},
      { cause: error },
    );
  }

  #fail(error: Error): void {
    if (this.#stage === 'failed' || this.#stage === 'stopped' || this.#stage === 'paused') return;
    this.#stage = 'failed';
    this.#settle.reject(error);
    void this.#close();
  }
}

/** What the store holds already, most significant bit first (BEP 3). webtorrent then checks two chunks, not all. */
function startupBits(assembler: PieceAssembler): Uint8Array {
  const bits = new Uint8Array(Math.ceil(assembler.chunkCount / 8));
  for (let chunk = 0; chunk < assembler.chunkCount; chunk++) {
    if (assembler.hasChunk(chunk)) bits[chunk >> 3] = (bits[chunk >> 3] ?? 0) | (0x80 >> (chunk & 7));
  }
  return bits;
}
