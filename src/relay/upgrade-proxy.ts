import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Hands WebSocket upgrades on to a server on another port of this machine, byte for byte. */
export interface UpgradeProxy {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly openCount: number;
  stop(): void;
}

/** The libp2p relay refuses before this; the bound is for strangers that open sockets and say nothing. */
const MAX_OPEN = 4096;

export function createUpgradeProxy(port: number): UpgradeProxy {
  const open = new Set<Socket>();
  return {
    upgrade(request, socket, head) {
      if (open.size >= MAX_OPEN) return void socket.destroy();
      const target = connect({ port, host: '127.0.0.1' });
      open.add(target);
      const close = () => {
        open.delete(target);
        target.destroy();
        socket.destroy();
      };
      for (const end of [target, socket]) end.on('error', close).on('close', close);
      target.once('connect', () => {
        target.setNoDelay(true);
        target.write(requestHead(request));
        target.write(head);
        socket.pipe(target).pipe(socket);
      });
    },
    get openCount() {
      return open.size;
    },
    stop() {
      for (const target of open) target.destroy();
    },
  };
}

/** The request as it came in, so that the handshake is between the browser and the relay. */
function requestHead({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = [`${method ?? 'GET'} ${url ?? '/'} HTTP/1.1`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
