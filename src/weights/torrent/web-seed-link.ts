import type { Torrent } from 'webtorrent';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { fetchRange } from './fetch-range.ts';
import type { GrantedWebSeed, WebSeedInit } from './webtorrent-client.ts';

/** A server that fails so often in a row is left alone for a while. */
const MAX_FAILURES = 3;
const RETRY_MS = 5000;

interface LinkComponents {
  readonly torrent: Torrent;
  readonly makeSeed: (url: string, torrent: Torrent, init: WebSeedInit) => GrantedWebSeed;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface LinkInit {
  readonly url: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly onWaste: (count: number) => void;
}

/** One web seed of one download: probed before it is used, left and tried again when it fails, banned when it lies. */
export class WebSeedLink {
  readonly url: string;
  readonly #components: LinkComponents;
  readonly #init: LinkInit;
  readonly #abort = new AbortController();
  #seed: GrantedWebSeed | undefined;
  #failures = 0;
  #isBanned = false;
  #cancelRetry: (() => void) | undefined;

  constructor(components: LinkComponents, init: LinkInit) {
    this.url = init.url;
    this.#components = components;
    this.#init = init;
    void this.#connect();
  }

  /** Probed, connected and not banned. */
  get isUsable(): boolean {
    return !this.#isBanned && this.#seed?.isOpen === true;
  }

  get isBanned(): boolean {
    return this.#isBanned;
  }

  get granted(): ReadonlySet<number> {
    return this.#seed?.granted ?? new Set();
  }

  grant(chunks: readonly number[]): void {
    this.#seed?.grant(chunks);
  }

  revokeIdle(): void {
    this.#seed?.revokeIdle();
  }

  verified(chunk: number): void {
    if (this.#seed?.granted.delete(chunk)) this.#failures = 0;
  }

  ban(): void {
    this.#isBanned = true;
    this.stop();
  }

  stop(): void {
    this.#abort.abort();
    this.#cancelRetry?.();
    this.#disconnect();
  }

  /** One byte, the last one: shows that ranges work and that the file is long enough. */
  async #connect(): Promise<void> {
    const { url, sizeBytes, chunkBytes, onWaste } = this.#init;
    const { torrent, makeSeed, logger } = this.#components;
    try {
      await fetchRange(url, sizeBytes - 1, sizeBytes, { signal: this.#abort.signal });
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      logger.warn('web seed refused', { url, reason: reasonOf(error) });
      return this.#retryLater();
    }
    if (torrent.destroyed || this.#abort.signal.aborted) return;
    this.#failures = 0;
    this.#seed = makeSeed(url, torrent, {
      chunkCount: Math.ceil(sizeBytes / chunkBytes),
      chunkBytes,
      onWaste,
      onFailure: (error) => this.#onFailure(error),
    });
    torrent.addWebSeed(this.#seed);
  }

  #onFailure(error: unknown): void {
    this.#failures++;
    if (this.#failures < MAX_FAILURES) return;
    this.#components.logger.warn('web seed failed', { url: this.url, reason: reasonOf(error) });
    this.#disconnect();
    this.#retryLater();
  }

  #disconnect(): void {
    this.#seed = undefined;
    const { torrent } = this.#components;
    if (!torrent.destroyed) torrent.removePeer(this.url);
  }

  #retryLater(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#components.clock.after(RETRY_MS, () => void this.#connect());
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown';
}
