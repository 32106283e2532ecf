import type { ModelRoot } from '../../base/branded.ts';

/**
 * - `checking`: what is here already is being found out, and whether the rest fits
 * - `fetching`: bytes are on their way
 * - `seeding`: everything wanted is here and is given to others
 * - `paused`: stopped by the person, resumes where it was
 * - `stopped` / `failed`: over; starting again continues where it was
 */
export type TransferStage = 'checking' | 'fetching' | 'seeding' | 'paused' | 'stopped' | 'failed';

/** One model's transfer as a person may see it. Byte counts are payload of this session. */
export interface TransferProgress {
  readonly root: ModelRoot;
  readonly stage: TransferStage;
  readonly sizeBytes: number;
  /** Checked and stored, from earlier sessions and other models too. */
  readonly verifiedBytes: number;
  readonly fromPeersBytes: number;
  readonly fromWebSeedBytes: number;
  readonly uploadedBytes: number;
  readonly peers: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  /** Sources that were caught lying. */
  readonly banned: number;
}

/** Counts bytes and turns them into speeds over the last two seconds. */
export class TransferMeter {
  fromPeersBytes = 0;
  fromWebSeedBytes = 0;
  uploadedBytes = 0;
  /** Bytes of failed web seed requests, which never reached the torrent. */
  lostBytes = 0;
  readonly #window: { readonly atMs: number; readonly peers: number; readonly web: number; readonly up: number }[] = [];

  get receivedBytes(): number {
    return this.fromPeersBytes + this.fromWebSeedBytes + this.lostBytes;
  }

  /** @returns bytes per second from peers, from web seeds, and sent */
  tick(nowMs: number): { readonly peers: number; readonly web: number; readonly up: number } {
    this.#window.push({ atMs: nowMs, peers: this.fromPeersBytes, web: this.fromWebSeedBytes, up: this.uploadedBytes });
    while (this.#window.length > 2 && (this.#window[1]?.atMs ?? nowMs) <= nowMs - WINDOW_MS) this.#window.shift();
    const [first] = this.#window;
    const seconds = first ? (nowMs - first.atMs) / 1000 : 0;
    if (!first || seconds <= 0) return { peers: 0, web: 0, up: 0 };
    return {
      peers: (this.fromPeersBytes - first.peers) / seconds,
      web: (this.fromWebSeedBytes - first.web) / seconds,
      up: (this.uploadedBytes - first.up) / seconds,
    };
  }
}

const WINDOW_MS = 2000;
