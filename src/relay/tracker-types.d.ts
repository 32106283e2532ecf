declare module 'bittorrent-tracker/server' {
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export interface TrackerSocket {
    on(event: 'close', listener: () => void): void;
    terminate(): void;
  }

  export default class Server {
    readonly ws: {
      handleUpgrade(
        request: IncomingMessage,
        socket: Duplex,
        head: Buffer,
        done: (socket: TrackerSocket) => void,
      ): void;
      emit(event: 'connection', socket: TrackerSocket, request: IncomingMessage): void;
    };
    readonly torrents: Readonly<Record<string, { readonly complete: number; readonly incomplete: number }>>;
    constructor(options: {
      http: false;
      udp: false;
      stats: false;
      ws: { noServer: true; maxPayload: number };
      interval: number;
      filter: (infoHash: string, parameters: unknown, done: (error: Error | null) => void) => void;
    });
    on(event: 'error' | 'warning', listener: (error: Error) => void): void;
    close(done?: () => void): void;
  }
}
