/**
 * Node 20 has no global `WebSocket`, which a node that dials relays needs; Node 22 and browsers have one. Imported by
 * what runs swarm nodes in Node, and by nothing that runs in a page.
 */
import { WebSocket } from 'ws';

/** A browser's socket never throws for an error that nobody listens to; an EventEmitter of Node does. */
class QuietWebSocket extends WebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols);
    this.on('error', () => undefined);
  }
}

globalThis.WebSocket ??= QuietWebSocket as unknown as typeof globalThis.WebSocket;
