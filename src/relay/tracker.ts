// The tests are compiled apart from the folder, and would not find the types of a package that has none.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./tracker-types.d.ts" />
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Server, { type TrackerSocket } from 'bittorrent-tracker/server';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { parseAnnounce } from './tracker-message.ts';
import { refuseUpgrade } from './upgrade-proxy.ts';

export interface TrackerInit {
  /** Only torrents for which this is true are tracked; 40 hex digits. */
  readonly isOurs: (infoHash: string) => boolean;
  readonly maxSockets?: number;
}

/** The WebSocket BitTorrent tracker: introduces tabs that hold or want the same model to each other. */
export interface Tracker {
  handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  metrics(): TrackerMetrics;
  stop(): void;
}

export interface TrackerMetrics {
  readonly sockets: number;
  /** Over all torrents: those that hold a model, and those that fetch it. */
  readonly seeders: number;
  readonly leechers: number;
  /** Messages that were malformed, too many, or of somebody else's torrent. */
  readonly refused: number;
}

const MAX_SOCKETS = 2_048;
/** Ten offers of 3 KB are usual. */
const MAX_MESSAGE_BYTES = 256 * 1024;
/** A seeder that everybody wants answers many offers at once; see `Allowance`. */
const BURST = 200;
const PER_SECOND = 20;
/** What may wait for a peer that does not read. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const HEARTBEAT_MS = 30_000;

export function createTracker({ isOurs, maxSockets = MAX_SOCKETS }: TrackerInit): Tracker {
  let refused = 0;
  const server = new Server({
    http: false,
    udp: false,
    ws: false,
    stats: false,
    filter: (infoHash, _params, done) => done(isOurs(infoHash) ? null : new Error('not a model of this operator')),
  });
  server.on('error', () => undefined);
  server.on('warning', () => {
    refused += 1;
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const owners = new Map<string, WebSocket>();
  const silent = new WeakSet<WebSocket>();
  const heartbeat = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) socket.terminate();
      silent.add(socket);
      socket.ping();
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();

  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const allowance = new Allowance();
    const inside = new GatedSocket(socket, request);
    let owned: string | undefined;
    const refuse = (reason: string) => {
      refused += 1;
      socket.close(1008, reason);
    };
    socket.on('message', (data: RawData) => {
      silent.delete(socket);
      if (!allowance.take()) return refuse('too many messages');
      const message = parseAnnounce(rawText(data));
      if (!message) return refuse('not an announce');
      // A peer's id belongs to its socket: nobody speaks or signs off for another.
      const owner = owners.get(message.peer_id);
      if ((owned ?? message.peer_id) !== message.peer_id || (owner && owner !== socket)) {
        return refuse('peer id is in use');
      }
      owned = message.peer_id;
      owners.set(owned, socket);
      inside.emit('message', JSON.stringify(message));
    });
    socket.on('pong', () => silent.delete(socket));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      if (owned !== undefined) owners.delete(owned);
      inside.emit('close');
    });
    server.onWebSocketConnection(inside);
  });

  return {
    handleUpgrade(request, socket, head) {
      if (sockets.clients.size >= maxSockets) return refuseUpgrade(socket, 503, 'Service Unavailable');
      sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request));
    },
    metrics() {
      const swarms = Object.values(server.torrents);
      return {
        sockets: sockets.clients.size,
        seeders: swarms.reduce((sum, { complete }) => sum + complete, 0),
        leechers: swarms.reduce((sum, { incomplete }) => sum + incomplete, 0),
        refused,
      };
    },
    stop() {
      clearInterval(heartbeat);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.close();
    },
  };
}

/** What the tracker package sees of a connection: only messages that were checked, and bounded memory when it sends. */
class GatedSocket extends EventEmitter implements TrackerSocket {
  upgradeReq: TrackerSocket['upgradeReq'];
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, { socket: { remoteAddress = '', remotePort = 0 } }: IncomingMessage) {
    super();
    this.#socket = socket;
    this.upgradeReq = { connection: { remoteAddress, remotePort }, headers: {} };
  }

  /** Never reports an error: whatever goes wrong ends in `close`, which the tracker hears of once. */
  send(text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return this.#socket.terminate();
    this.#socket.send(text, () => undefined);
  }
}

/** A bucket of `BURST` messages that fills by `PER_SECOND`. */
class Allowance {
  #left = BURST;
  #atMs = performance.now();

  take(): boolean {
    const nowMs = performance.now();
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#atMs) / 1000) * PER_SECOND) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }
}

function rawText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}
