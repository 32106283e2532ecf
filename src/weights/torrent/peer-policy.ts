import type { Torrent, Wire } from 'webtorrent';
import type { Logger } from '../../base/logger.ts';
import { SourceGuard } from './source-guard.ts';

/**
 * - `open`: everybody may send
 * - `web-only`: too much was wasted and no liar could be named: only the web seed is asked
 * - `one-peer`: the same without a web seed: one peer at a time, so that the next failure names its source
 */
export type PeerMode = 'open' | 'web-only' | 'one-peer';

interface PolicyInit {
  readonly maxConns: number;
  readonly onBytes: (wire: Wire, count: number) => void;
  readonly onUpload: (count: number) => void;
  /** A web seed was caught lying. */
  readonly onWebSeedBanned: (url: string) => void;
}

/** Blocks have at most 128 KiB; the bitfield of the largest model 8 KiB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Decides which peers of one torrent may stay, and finds those that lie. */
export class PeerPolicy {
  readonly #torrent: Torrent;
  readonly #logger: Logger;
  readonly #init: PolicyInit;
  readonly #guard = new SourceGuard<Wire>();
  readonly #bannedPeers = new Set<string>();
  #mode: PeerMode = 'open';

  constructor(torrent: Torrent, logger: Logger, init: PolicyInit) {
    this.#torrent = torrent;
    this.#logger = logger;
    this.#init = init;
    for (const wire of torrent.wires) this.#onWire(wire);
    torrent.on('wire', (wire) => this.#onWire(wire));
    torrent.on('verified', (index) => this.#guard.verified(index));
    torrent.on('warning', (warning) => this.#onWarning(warning));
  }

  get mode(): PeerMode {
    return this.#mode;
  }

  get bannedCount(): number {
    return this.#guard.bannedCount;
  }

  /** Peers over WebRTC. */
  get peers(): readonly Wire[] {
    return this.#torrent.wires.filter((wire) => wire.type !== 'webSeed' && !wire.destroyed);
  }

  /** From now on one source at a time. */
  distrust(mode: Exclude<PeerMode, 'open'>): void {
    if (this.#mode === mode) return;
    this.#logger.warn('too many bytes wasted: one source at a time', { mode });
    this.#mode = mode;
    const [best, ...rest] = this.peers.toSorted((a, b) => this.#guard.verifiedOf(b) - this.#guard.verifiedOf(a));
    for (const wire of rest) this.#remove(wire);
    if (best && mode === 'web-only') this.#remove(best);
  }

  /** Sends the peers away that bring nothing, so that others can be tried. */
  dropPeers(): void {
    for (const wire of this.peers) this.#remove(wire);
    this.#torrent.discovery?.tracker?.update();
  }

  /** Removes peers that announced a message of a size that nobody needs: the protocol's parser would keep it all. */
  dropHoarders(): void {
    for (const wire of this.peers) {
      if (wire._bufferSize <= MAX_MESSAGE_BYTES) continue;
      this.#logger.warn('peer removed: its message does not end', { bytes: wire._bufferSize });
      if (wire.peerId !== null) this.#bannedPeers.add(wire.peerId);
      this.#remove(wire);
    }
  }

  #onWire(wire: Wire): void {
    if (wire.type !== 'webSeed' && !this.#mayStay(wire)) {
      // Not now: webtorrent is still setting the wire up.
      queueMicrotask(() => this.#remove(wire));
      return;
    }
    wire.on('piece', (index) => this.#guard.contributed(wire, index));
    wire.on('download', (count) => this.#init.onBytes(wire, count));
    wire.on('upload', (count) => this.#init.onUpload(count));
  }

  #mayStay(wire: Wire): boolean {
    if (wire.peerId !== null && this.#bannedPeers.has(wire.peerId)) return false;
    const count = this.peers.length; // with this one
    if (this.#mode === 'web-only') return false;
    return count <= (this.#mode === 'one-peer' ? 1 : this.#init.maxConns);
  }

  #onWarning(warning: Error | string): void {
    const text = warning instanceof Error ? warning.message : warning;
    const failed = /^Piece (\d+) failed verification$/.exec(text)?.[1];
    if (failed === undefined) return this.#logger.debug('torrent warning', { text: text.slice(0, 200) });
    const liar = this.#guard.failed(Number(failed));
    if (!liar) return;
    if (liar.peerId !== null) this.#bannedPeers.add(liar.peerId);
    this.#logger.warn('source banned: it sent bytes that fail their hashes', { kind: liar.type });
    const id = this.#idOf(liar);
    if (liar.type === 'webSeed' && id !== undefined) this.#init.onWebSeedBanned(id);
    else this.#remove(liar);
  }

  #idOf(wire: Wire): string | undefined {
    for (const peer of this.#torrent._peers?.values() ?? []) if (peer.wire === wire) return peer.id;
    return undefined;
  }

  #remove(wire: Wire): void {
    const id = this.#idOf(wire);
    if (id !== undefined && !this.#torrent.destroyed) this.#torrent.removePeer(id);
  }
}
