/**
 * Node 20 has no global `WebSocket`, which a node that dials relays needs; Node 22 and browsers have one. Imported by
 * what runs swarm nodes in Node, and by nothing that runs in a page.
 */
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
