import type { PeerId } from '../base/branded.ts';
import { MAX_FRAME_BYTES, MAX_QUEUED_BYTES } from './constants.ts';
import { SwarmError } from './errors.ts';
import type { PeerStream } from './peer-stream.ts';

/**
 * All streams to one peer, as one way to send in order.
 *
 * Both sides may open streams at the same moment, over different connections. Neither is refused: each side receives on
 * all of them and sends on the best one, and both agree which is best, so the others fall silent and are ended.
 */
export interface PeerLink {
  readonly peer: PeerId;
  /** Queues `bytes`; resolves when a stream has taken them. Opens a stream if there is none. */
  send(bytes: Uint8Array): Promise<void>;
  /** Takes a stream that was opened by either side. */
  adopt(stream: PeerStream): void;
  drop(stream: PeerStream): void;
  /** Has a stream that messages could go out on now. */
  isOpen(): boolean;
  isDirect(): boolean;
  /** Ends everything; waiting sends are rejected. */
  close(error: Error): void;
}

interface Waiting {
  /** Absent: no message, only a reason to look whether a better stream is there. */
  readonly bytes?: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface PeerLinkInit {
  readonly peer: PeerId;
  /** True if our id sorts before the peer's: a stream that the lower side opened wins. */
  readonly isLower: boolean;
  /** Opens a stream over whatever connection is best, connecting first if needed. */
  readonly openStream: () => Promise<PeerStream>;
}

export function createPeerLink({ peer, isLower, openStream }: PeerLinkInit): PeerLink {
  const streams = new Set<PeerStream>();
  const queue: Waiting[] = [];
  let queuedBytes = 0;
  let current: PeerStream | undefined;
  let isPumping = false;
  let closedBy: Error | undefined;

  const rank = (stream: PeerStream) => (stream.isDirect ? 0 : 2) + (stream.isOpener === isLower ? 0 : 1);
  const best = () => [...streams].filter((s) => s.isOpen()).toSorted((a, b) => rank(a) - rank(b))[0];

  async function chooseStream(hasMessage: boolean): Promise<PeerStream | undefined> {
    let next = best();
    if (!next && hasMessage) {
      next = await openStream();
      if (closedBy) throw closedBy;
      streams.add(next);
      next = best() ?? next;
    }
    if (next && current && current !== next && current.isOpen()) {
      const old = current;
      // A peer that does not answer has a broken old stream: what it missed is lost with it.
      await old.flush().catch(() => undefined);
      old.end();
    }
    if (next) current = next;
    return next;
  }

  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    for (let item = queue[0]; item; item = queue[0]) {
      try {
        const stream = await chooseStream(item.bytes !== undefined);
        if (item.bytes) await stream?.write(item.bytes);
        item.resolve();
      } catch (error) {
        item.reject(error as Error);
      }
      if (queue[0] === item) queue.shift();
      queuedBytes -= item.bytes?.byteLength ?? 0;
    }
    isPumping = false;
  }

  const enqueue = (item: Waiting) => {
    queue.push(item);
    queuedBytes += item.bytes?.byteLength ?? 0;
    void pump();
  };

  return {
    peer,
    send(bytes) {
      if (closedBy) return Promise.reject(closedBy);
      const size = bytes.byteLength;
      if (size >= MAX_FRAME_BYTES) {
        return Promise.reject(
          new SwarmError('too-large', `swarm: message of ${size} bytes, limit ${MAX_FRAME_BYTES - 1}`, { bytes: size }),
        );
      }
      if (queuedBytes + size > MAX_QUEUED_BYTES) {
        return Promise.reject(
          new SwarmError('backlog-full', `swarm: ${queuedBytes} bytes wait for this peer, limit ${MAX_QUEUED_BYTES}`, {
            peer,
            bytes: queuedBytes,
          }),
        );
      }
      return new Promise((resolve, reject) => enqueue({ bytes, resolve, reject }));
    },
    adopt(stream) {
      streams.add(stream);
      if (current && best() !== current) enqueue({ resolve: () => undefined, reject: () => undefined });
    },
    drop(stream) {
      streams.delete(stream);
      if (current === stream) current = undefined;
    },
    isOpen: () => best() !== undefined,
    isDirect: () => best()?.isDirect ?? false,
    close(error) {
      closedBy = error;
      for (const item of queue.splice(0)) item.reject(error);
      queuedBytes = 0;
      for (const stream of streams) stream.end();
      streams.clear();
      current = undefined;
    },
  };
}
