import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
// Not the package's index: that one loads a native WebRTC module, which is not installed (reference p2p-stack, 2.1).
import Server, { type TrackerSocket } from 'bittorrent-tracker/server';
import type { Logger } from '../base/logger.ts';

export interface Tracker {
  /** Takes over a WebSocket upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Open WebSockets. */
  readonly socketCount: number;
  /** Peers that announced themselves for a torrent. */
  peersOf(infoHash: string): { readonly seeders: number; readonly leechers: number };
  stop(): void;
}

// Five offers of about 3 KiB each; WebRTC session descriptions stay far below 16 KiB.
const MAX_MESSAGE_BYTES = 128 * 1024;
// WebSocket peers are told a fifth of it: they announce every minute.
const INTERVAL_MS = 5 * 60_000;
// Announcing costs a peer one socket; more than this is no crowd but an attack.
const MAX_SOCKETS = 4096;

/** A WebSocket BitTorrent tracker that knows this operator's torrents and no others. */
export function createTracker(isOurs: (infoHash: string) => boolean, logger: Logger): Tracker {
  const sockets = new Set<TrackerSocket>();
  const server = new Server({
    http: false,
    udp: false,
    stats: false,
    ws: { noServer: true, maxPayload: MAX_MESSAGE_BYTES },
    interval: INTERVAL_MS,
    filter: (infoHash, _, done) => done(isOurs(infoHash) ? null : new Error('this tracker does not know that torrent')),
  });
  server.on('warning', (error) => logger.debug('tracker warning', { text: error.message.slice(0, 200) }));
  server.on('error', (error) => logger.error('tracker error', { text: error.message.slice(0, 200) }));
  return {
    upgrade(request, socket, head) {
      if (sockets.size >= MAX_SOCKETS) return void socket.destroy();
      server.ws.handleUpgrade(request, socket, head, (opened) => {
        sockets.add(opened);
        opened.on('close', () => sockets.delete(opened));
        server.ws.emit('connection', opened, request);
      });
    },
    get socketCount() {
      return sockets.size;
    },
    peersOf(infoHash) {
      const swarm = server.torrents[infoHash];
      return { seeders: swarm?.complete ?? 0, leechers: swarm?.incomplete ?? 0 };
    },
    stop() {
      for (const socket of sockets) socket.terminate();
      server.close();
    },
  };
}
