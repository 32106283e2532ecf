import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createTracker, type Tracker } from './tracker.ts';

// bittorrent-tracker's own client loads a native WebRTC module that is not installed in Node: these are its messages.
const OURS = '\u0001'.repeat(20);
const OURS_HEX = '01'.repeat(20);
const FOREIGN = '\u0002'.repeat(20);
const announce = (peer: string, more: object = {}) => ({
  action: 'announce',
  info_hash: OURS,
  peer_id: peer.padEnd(20, '-'),
  event: 'started',
  left: 100,
  ...more,
});

let tracker: Tracker;
let http: Server;
const clients: WebSocket[] = [];

beforeEach(async () => {
  tracker = createTracker({ isOurs: (hex) => hex === OURS_HEX });
  http = createServer();
  http.on('upgrade', (request, socket, head: Buffer) => {
    if (socket instanceof Socket) tracker.handleUpgrade(request, socket, head);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});
afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
  tracker.stop();
  http.close();
});

async function join() {
  const socket = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/announce`);
  clients.push(socket);
  const inbox: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer) => inbox.push(JSON.parse(data.toString()) as Record<string, unknown>));
  let closeCode: number | undefined;
  socket.on('close', (code) => (closeCode = code));
  await once(socket, 'open');
  return {
    inbox,
    socket,
    closeCode: () => closeCode,
    send: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}

test('two peers of our torrent are introduced: offer there, answer back', async () => {
  const seeder = await join();
  seeder.send(announce('seeder', { left: 0 }));
  await expect.poll(() => seeder.inbox[0]).toMatchObject({ action: 'announce', complete: 1, incomplete: 0 });
  const leecher = await join();
  leecher.send(announce('leecher', { offers: [{ offer: { type: 'offer', sdp: 'o' }, offer_id: 'x'.repeat(20) }] }));
  await expect
    .poll(() => seeder.inbox[1])
    .toMatchObject({ offer: { type: 'offer', sdp: 'o' }, offer_id: 'x'.repeat(20) });
  seeder.send(
    announce('seeder', {
      event: undefined,
      left: 0,
      answer: { type: 'answer', sdp: 'a' },
      offer_id: 'x'.repeat(20),
      to_peer_id: 'leecher'.padEnd(20, '-'),
    }),
  );
  await expect.poll(() => leecher.inbox.at(-1)).toMatchObject({ answer: { type: 'answer', sdp: 'a' } });
  expect(tracker.metrics()).toEqual({ sockets: 2, seeders: 1, leechers: 1, refused: 0 });
  leecher.socket.close();
  await expect.poll(() => tracker.metrics()).toMatchObject({ sockets: 1, seeders: 1, leechers: 0 });
});

test('a torrent of somebody else is refused, and nothing is kept of it', async () => {
  const peer = await join();
  peer.send(announce('peer', { info_hash: FOREIGN }));
  await expect.poll(() => peer.inbox[0]).toMatchObject({ 'failure reason': 'not a model of this operator' });
  expect(tracker.metrics()).toEqual({ sockets: 1, seeders: 0, leechers: 0, refused: 1 });
});

test('messages that would end the tracker package’s process only end their own connection', async () => {
  const victim = await join();
  victim.send(announce('victim', { left: 0 }));
  await expect.poll(() => victim.inbox.length).toBe(1);
  for (const message of [
    '{',
    'null',
    '[]',
    { action: 'scrape', info_hash: {} },
    { action: 'scrape' },
    announce('bad', { offers: [null] }),
    announce('bad', { offers: 'xxxxx' }),
    announce('bad', {
      offers: Array.from({ length: 100 }, () => ({ offer: { type: 'offer', sdp: '' }, offer_id: '' })),
    }),
    announce('bad', { event: 'constructor' }),
    announce('bad', { answer: { type: 'answer', sdp: 'x' } }),
    announce('bad', { offers: [{ offer: { type: 'offer', sdp: 'x'.repeat(20_000) }, offer_id: '' }] }),
    { ...announce('bad'), peer_id: 'short' },
    announce('victim', { event: 'stopped' }),
    'x'.repeat(300_000),
  ]) {
    const peer = await join();
    peer.send(message);
    await expect.poll(peer.closeCode, { message: JSON.stringify(message).slice(0, 80) }).toBeDefined();
  }
  expect(tracker.metrics()).toMatchObject({ sockets: 1, seeders: 1, leechers: 0 });
});

test('a peer that floods is cut off', async () => {
  const peer = await join();
  for (let i = 0; i < 300; i++) peer.send(announce('peer', { event: 'update' }));
  await expect.poll(peer.closeCode).toBe(1008);
});
