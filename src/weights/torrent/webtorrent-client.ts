import './process-shim.ts';
import WebTorrent, { type Torrent } from 'webtorrent';
import WebConn from 'webtorrent/lib/webconn.js';
import { fetchRange } from './fetch-range.ts';

/** What one web seed tells the download that it serves. */
export interface WebSeedInit {
  readonly chunkCount: number;
  readonly chunkBytes: number;
  /** Bytes that arrived over HTTP and were worth nothing. */
  readonly onWaste: (count: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * A web seed (BEP 19) that serves only the chunks that it was granted. webtorrent asks any source for what the source
 * says it has, so granting is saying "have".
 */
export class GrantedWebSeed extends WebConn {
  readonly granted = new Set<number>();
  readonly #init: WebSeedInit;
  readonly #abort = new AbortController();
  #isOpen = false;

  constructor(url: string, torrent: Torrent, init: WebSeedInit) {
    super(url, torrent);
    this.#init = init;
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.destroyed;
  }

  /** Called once by the parent after the handshake, with every chunk; nothing is granted yet. */
  override bitfield(): void {
    super.bitfield(new Uint8Array(Math.ceil(this.#init.chunkCount / 8)));
    this.#isOpen = true;
  }

  grant(chunks: readonly number[]): void {
    for (const chunk of chunks) {
      if (this.granted.has(chunk)) continue;
      this.granted.add(chunk);
      this.have(chunk);
    }
  }

  /** Takes back what is not being fetched right now, for peers to bring. */
  revokeIdle(): void {
    const busy = new Set(this.peerRequests.map(({ piece }) => piece));
    for (const chunk of this.granted) {
      if (busy.has(chunk)) continue;
      this.granted.delete(chunk);
      this.lt_donthave.donthave(chunk);
    }
  }

  override async httpRequest(
    index: number,
    offset: number,
    length: number,
    callback: (error: Error | null, bytes?: Uint8Array) => void,
  ): Promise<void> {
    const start = index * this.#init.chunkBytes + offset;
    const { signal } = this.#abort;
    let arrived = 0;
    const onBytes = (count: number) => {
      arrived += count;
    };
    try {
      const bytes = await fetchRange(this.url, start, start + length, { signal, onBytes });
      callback(null, bytes);
    } catch (error) {
      this.granted.delete(index);
      this.#init.onWaste(arrived);
      if (!signal.aborted) this.#init.onFailure(error);
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override destroy(): void {
    this.#abort.abort();
    super.destroy();
  }
}

export interface ClientInit {
  readonly iceServers: readonly RTCIceServer[];
  readonly maxConns: number;
  /** How many more peers are welcome. */
  readonly wanted: () => number;
}

/** A client that knows no one but the trackers it is told: no DHT, no local discovery, no port mapping. */
export function createWebTorrentClient(init: ClientInit): WebTorrent {
  return new WebTorrent({
    maxConns: init.maxConns,
    dht: false,
    lsd: false,
    utPex: false,
    utp: false,
    natUpnp: false,
    natPmp: false,
    webSeeds: false,
    tracker: {
      rtcConfig: { iceServers: init.iceServers },
      getAnnounceOpts: () => ({ numwant: init.wanted() }),
    },
  });
}
