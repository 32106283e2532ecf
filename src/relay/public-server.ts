import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { RelayError, systemCode } from './errors.ts';
import { refuseUpgrade } from './upgrade-proxy.ts';

export interface PublicServerInit {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly routes: Hono<{ Bindings: HttpBindings }>;
  /** Takes a WebSocket connection over; `path` is without query. */
  readonly upgrade: (path: string, request: IncomingMessage, socket: Socket, head: Buffer) => void;
}

/** The one port that is open to others. */
export interface PublicServer {
  readonly port: number;
  /** Ends every connection, also those under way. */
  stop(): Promise<void>;
}

const MAX_CONNECTIONS = 8_192;
/** A connection on which nothing moves, e.g. a download that its reader left, is closed. */
const IDLE_MS = 120_000;

/** @throws {RelayError} `port-in-use`, `address-refused` */
export async function listenPublicly({ host, port, routes, upgrade }: PublicServerInit): Promise<PublicServer> {
  const listener = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = IDLE_MS;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!(socket instanceof Socket)) return void socket.destroy();
    if (request.headers.upgrade?.toLowerCase() !== 'websocket' || request.method !== 'GET') {
      return refuseUpgrade(socket, 400, 'Bad Request');
    }
    socket.setTimeout(0);
    upgrade(request.url?.split('?', 1)[0] ?? '/', request, socket, head);
  });
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (cause) => {
      fail(
        systemCode(cause) === 'EADDRINUSE'
          ? new RelayError(
              'port-in-use',
              `port ${port} of ${host} is in use by another program; end it or choose another with --port`,
              { place: String(port) },
              { cause },
            )
          : new RelayError(
              'address-refused',
              `cannot listen on ${host} port ${port} (${systemCode(cause) || cause.message}); choose another with --host and --port`,
              { place: host },
              { cause },
            ),
      );
    });
    server.listen(port, host, done);
  });
}
