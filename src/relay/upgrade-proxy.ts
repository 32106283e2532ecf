import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface UpgradeProxyInit {
  /** Port on the loopback interface that every connection goes to. */
  readonly port: number;
  readonly maxConnections?: number;
}

/** Hands WebSocket connections on to the relay's own port, byte for byte. */
export interface UpgradeProxy {
  handle(request: IncomingMessage, socket: Socket, head: Buffer): void;
  open(): number;
  stop(): void;
}

/** As many as the relay itself takes. */
const MAX_CONNECTIONS = 2_048;
const CONNECT_MS = 5_000;
/** How long what is already buffered may take to reach a peer whose other end has gone. */
const FLUSH_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

export function createUpgradeProxy({ port, maxConnections = MAX_CONNECTIONS }: UpgradeProxyInit): UpgradeProxy {
  const pairs = new Set<readonly [Socket, Socket]>();
  return {
    open: () => pairs.size,
    handle(request, socket, head) {
      if (pairs.size >= maxConnections) return refuseUpgrade(socket, 503, 'Service Unavailable');
      const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
      const pair = [socket, upstream] as const;
      pairs.add(pair);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      upstream.setTimeout(CONNECT_MS, () => upstream.destroy());
      upstream.once('connect', () => {
        upstream.setTimeout(0);
        upstream.write(requestHead(request));
        upstream.write(head);
        socket.pipe(upstream);
        upstream.pipe(socket);
      });
      const close = () => {
        pairs.delete(pair);
        for (const end of pair) {
          end.setTimeout(FLUSH_MS, () => end.destroy());
          end.destroySoon();
        }
      };
      for (const end of pair) {
        end.on('error', () => end.destroy());
        end.once('close', close);
      }
      if (socket.destroyed) upstream.destroy();
    },
    stop() {
      for (const pair of pairs) for (const end of pair) end.destroy();
    },
  };
}

/** Refuses a connection that asked to be upgraded; the socket is closed. */
export function refuseUpgrade(socket: Socket, status: number, text: string): void {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(FLUSH_MS, () => socket.destroy());
  socket.write(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}

/** The request as it came. The path is left out: the relay has only one. */
function requestHead({ rawHeaders }: IncomingMessage): string {
  let text = 'GET / HTTP/1.1\r\n';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return `${text}\r\n`;
}
