/** The part of bittorrent-tracker's server that Starling uses; the package ships no types. */
declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';

  export interface TrackerSocket extends EventEmitter {
    send(text: string): void;
    /** Read once and then set to null by the tracker. */
    upgradeReq: { connection: { remoteAddress: string; remotePort: number }; headers: object } | null;
  }

  export default class Server extends EventEmitter {
    constructor(options: {
      http: false;
      udp: false;
      ws: false;
      stats: false;
      filter(infoHash: string, params: unknown, done: (error: Error | null) => void): void;
    });
    /** By info hash in hex. */
    readonly torrents: Readonly<Record<string, { readonly complete: number; readonly incomplete: number }>>;
    onWebSocketConnection(socket: TrackerSocket): void;
    close(done?: () => void): void;
  }
}
