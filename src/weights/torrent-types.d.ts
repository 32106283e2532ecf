/** The parts of the torrent packages that Starling uses; none of them ships types. */

declare module 'parse-torrent' {
  export interface ParsedTorrent {
    infoHash: string;
    name: string;
    announce: string[];
    urlList: string[];
    files: { name: string; length: number; offset: number }[];
    length: number;
    pieceLength: number;
    lastPieceLength: number;
    /** SHA-1 of each chunk, hex. */
    pieces: string[];
  }
  /** Rejects if the bytes are no torrent file. */
  export default function parseTorrent(torrentFile: Uint8Array): Promise<ParsedTorrent>;
  export function toTorrentFile(parsed: {
    info: Record<string, string | number | Uint8Array>;
    announce: string[];
    urlList: string[];
  }): Uint8Array;
}

declare module 'webtorrent' {
  import type { ParsedTorrent } from 'parse-torrent';

  type Callback<T = void> = (error: Error | null, value?: T) => void;

  export interface ChunkStore {
    readonly chunkLength: number;
    put(index: number, bytes: Uint8Array, callback?: Callback): void;
    get(
      index: number,
      options: { offset?: number; length?: number } | null | undefined | Callback<Uint8Array>,
      callback?: Callback<Uint8Array>,
    ): void;
    close(callback?: Callback): void;
    destroy(callback?: Callback): void;
  }

  export interface Wire {
    readonly type: 'webrtc' | 'webSeed' | 'tcpIncoming' | 'tcpOutgoing';
    /** Hex of the remote peer's 20-byte id. */
    readonly peerId: string | null;
    readonly isSeeder?: boolean;
    readonly peerPieces: { get(index: number): boolean };
    readonly requests: readonly { readonly piece: number }[];
    /** Private: bytes of a message that is not complete yet. */
    readonly _bufferSize: number;
    readonly destroyed: boolean;
    on(event: 'piece', listener: (index: number, offset: number, block: Uint8Array) => void): this;
    on(event: 'download' | 'upload', listener: (bytes: number) => void): this;
    on(event: 'close', listener: () => void): this;
    destroy(): void;
  }

  /** One WebSocket tracker; private parts of bittorrent-tracker. */
  export interface TrackerLink {
    readonly reconnecting: boolean;
    readonly destroyed: boolean;
    readonly reconnectTimer: number | undefined;
    _openSocket(): void;
  }

  export interface TorrentPeer {
    readonly id: string;
    readonly wire: Wire | null;
  }

  export interface Torrent {
    readonly infoHash: string;
    readonly destroyed: boolean;
    readonly done: boolean;
    readonly ready: boolean;
    readonly bitfield: { get(index: number): boolean } | undefined;
    readonly wires: readonly Wire[];
    /** Verified bytes and bytes of chunks that are under way. */
    readonly downloaded: number;
    /** Private in webtorrent, and the only way from a wire to the peer that may be removed. */
    readonly _peers: ReadonlyMap<string, TorrentPeer> | null;
    readonly discovery: {
      readonly tracker?: {
        on(event: 'update', listener: (answer: { complete: number; incomplete: number }) => void): void;
        update(options?: object): void;
        /** Private; see `tracker-keeper.ts`. */
        readonly _trackers?: readonly TrackerLink[];
      } | null;
    } | null;
    select(first: number, last: number, priority?: number): void;
    addWebSeed(connection: unknown): void;
    removePeer(id: string): void;
    destroy(options: { destroyStore: boolean }, callback?: Callback): void;
    on(event: 'ready' | 'done' | 'close' | 'trackerAnnounce', listener: () => void): this;
    on(event: 'wire', listener: (wire: Wire) => void): this;
    on(event: 'verified', listener: (index: number) => void): this;
    on(event: 'warning' | 'error', listener: (error: Error | string) => void): this;
  }

  export default class WebTorrent {
    /** Hex. */
    readonly peerId: string;
    readonly destroyed: boolean;
    constructor(options?: object);
    add(torrent: ParsedTorrent, options?: object): Torrent;
    on(event: 'error', listener: (error: Error | string) => void): this;
    destroy(callback?: Callback): void;
  }
}

declare module 'webtorrent/lib/webconn.js' {
  import type { Torrent, Wire } from 'webtorrent';

  /** A web seed that speaks to webtorrent as if it were a peer (BEP 19). */
  export default class WebConn {
    constructor(url: string, torrent: Torrent);
    readonly url: string;
    readonly connId: string;
    readonly destroyed: boolean;
    readonly lt_donthave: { donthave(index: number): void };
    readonly peerRequests: readonly { readonly piece: number }[];
    bitfield(bits: Uint8Array): void;
    have(index: number): void;
    httpRequest(
      index: number,
      offset: number,
      length: number,
      callback: (error: Error | null, bytes?: Uint8Array) => void,
    ): Promise<void>;
    destroy(): void;
    on(event: string, listener: (...values: never[]) => void): this;
  }
}
