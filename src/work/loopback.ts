import type { PeerId } from '../base/branded.ts';
import { copyBytes, type Bytes } from '../base/bytes.ts';
import type { Channel } from './ports.ts';

/**
 * `channel`, with messages to oneself delivered in memory, in order and never within `send`. So a node that computes
 * for itself goes the same way as one that computes for others: same offers, signatures, leases and settlement.
 */
export function withLoopback(channel: Channel): Channel {
  const listeners = new Set<(peer: PeerId, bytes: Uint8Array) => void>();
  return {
    self: channel.self,
    async send(peer, bytes) {
      if (peer !== channel.self) return channel.send(peer, bytes);
      // A copy, as if it had travelled: neither side can change what the other holds.
      const copy = copyBytes(bytes);
      await Promise.resolve();
      for (const listener of listeners) listener(peer, copy);
    },
    onMessage(listener) {
      listeners.add(listener);
      const stop = channel.onMessage(listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    onGone: (listener) => channel.onGone(listener),
  };
}

/** A channel that reaches nobody but oneself: a node without a network. Other peers are refused. */
export function createLoopback(self: PeerId): Channel {
  return withLoopback({
    self,
    send: (peer: PeerId, _bytes: Bytes) =>
      Promise.reject(new DOMException(`no network, so peer ${peer} cannot be reached`, 'NetworkError')),
    onMessage: () => () => undefined,
    onGone: () => () => undefined,
  });
}
