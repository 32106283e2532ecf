import type { Stream } from '@libp2p/interface';
import type { Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { FLUSH_TIMEOUT_MS, SEND_CHUNK_BYTES, WRITE_STALL_MS } from './constants.ts';
import { SwarmError } from './errors.ts';
import { createFrameReader, encodeFrame } from './frame-codec.ts';

/** One stream to one peer, as frames. */
export interface PeerStream {
  /** Straight to the peer rather than through a relay. */
  readonly isDirect: boolean;
  readonly isOpener: boolean;
  isOpen(): boolean;
  /** Resolves when the stream has taken all bytes; rejects with `SwarmError` `stream-closed` or `too-large`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the peer has read all that was written before; rejects after 3 s or when the stream ends. */
  flush(): Promise<void>;
  /** Ends our half politely: what was written is still delivered. */
  end(): void;
  abort(error: Error): void;
}

export interface PeerStreamEvents {
  onData(bytes: Bytes): void;
  /** Once, with the error that ended it, if one did. */
  onEnd(error: Error | undefined): void;
}

export function createPeerStream(
  { clock }: { clock: Clock },
  { stream, isDirect, isOpener }: { stream: Stream; isDirect: boolean; isOpener: boolean },
  events: PeerStreamEvents,
): PeerStream {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let isEnded = false;
  let isOurHalfEnded = false;

  const finish = (error: Error | undefined) => {
    if (isEnded) return;
    isEnded = true;
    for (const { reject } of waiting.splice(0)) reject(error ?? closed());
    events.onEnd(error);
  };
  const abort = (error: Error) => {
    stream.abort(error);
    finish(error);
  };
  const end = () => {
    if (isOurHalfEnded) return;
    isOurHalfEnded = true;
    stream.close().catch(() => undefined);
  };
  const sendRaw = async (bytes: Uint8Array) => {
    for (let offset = 0; offset < bytes.byteLength; offset += SEND_CHUNK_BYTES) {
      if (stream.send(bytes.subarray(offset, offset + SEND_CHUNK_BYTES))) continue;
      await within(clock, WRITE_STALL_MS, stream.onDrain());
    }
  };
  const reader = createFrameReader((frame) => {
    if (frame.t === 'data') events.onData(frame.bytes);
    else if (frame.t === 'flushed') waiting.shift()?.resolve();
    else if (!isOurHalfEnded) sendRaw(encodeFrame('flushed')).catch(abort);
  });
  stream.addEventListener('message', (event) => {
    try {
      if (!isEnded) reader(event.data);
    } catch (error) {
      abort(error as Error);
    }
  });
  stream.addEventListener('close', (event) => finish(event.error));
  stream.addEventListener('remoteCloseWrite', () => {
    end();
    finish(undefined);
  });

  return {
    isDirect,
    isOpener,
    isOpen: () => !isEnded && !isOurHalfEnded && stream.writeStatus === 'writable',
    async write(bytes) {
      const frame = encodeFrame('data', bytes);
      try {
        await sendRaw(frame);
      } catch (cause) {
        const error = closed(cause);
        abort(error);
        throw error;
      }
    },
    async flush() {
      const done = new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
      done.catch(() => undefined);
      await sendRaw(encodeFrame('flush'));
      await within(clock, FLUSH_TIMEOUT_MS, done);
    },
    end,
    abort,
  };
}

function closed(cause?: unknown): SwarmError {
  return new SwarmError('stream-closed', 'swarm: the stream to the peer ended', {}, { cause });
}

/** Like `promise`, but rejects with `stream-closed` when it takes longer than `limitMs`. */
function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => reject(closed(new Error(`nothing was taken for ${limitMs} ms`))));
    promise.then(resolve, reject).finally(cancel);
  });
}
