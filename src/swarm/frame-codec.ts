import { LengthPrefixedDecoder } from '@libp2p/utils';
import { encode as encodeVarint } from 'uint8-varint';
import type { Uint8ArrayList } from 'uint8arraylist';
import { concatBytes, type Bytes } from '../base/bytes.ts';
import { MAX_FRAME_BYTES } from './constants.ts';
import { SwarmError } from './errors.ts';

/**
 * A frame: varint length, one byte of kind, the payload.
 *
 * `flush` asks "have you read all before this?" and `flushed` says so: messages stay in order when a link moves from a
 * relayed stream to a direct one.
 */
export type Frame = { readonly t: 'data'; readonly bytes: Bytes } | { readonly t: 'flush' } | { readonly t: 'flushed' };

const KIND = { data: 0, flush: 1, flushed: 2 } as const;

/** @throws {SwarmError} `too-large` */
export function encodeFrame(kind: keyof typeof KIND, payload: Uint8Array = new Uint8Array()): Bytes {
  const length = payload.byteLength + 1;
  if (length > MAX_FRAME_BYTES) {
    throw new SwarmError('too-large', `swarm: frame of ${length} bytes, limit ${MAX_FRAME_BYTES}`, { bytes: length });
  }
  return concatBytes([encodeVarint(length), Uint8Array.of(KIND[kind]), payload]);
}

/**
 * Cuts what arrives into frames. Holds at most one unfinished frame and one chunk.
 *
 * The returned function throws `SwarmError` `too-large` for a frame above the limit, or `garbage` for what is no frame;
 * the stream is then beyond repair.
 */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Uint8Array | Uint8ArrayList) => void {
  const decoder = new LengthPrefixedDecoder({ maxDataLength: MAX_FRAME_BYTES, maxBufferSize: 4 * MAX_FRAME_BYTES });
  return (chunk) => {
    for (const list of decode(decoder, chunk)) {
      const frame = list.subarray();
      if (frame[0] === KIND.data) onFrame({ t: 'data', bytes: new Uint8Array(frame.subarray(1)) });
      else if (frame[0] === KIND.flush && frame.byteLength === 1) onFrame({ t: 'flush' });
      else if (frame[0] === KIND.flushed && frame.byteLength === 1) onFrame({ t: 'flushed' });
      else throw new SwarmError('garbage', `swarm: unknown kind of frame ${frame[0]}`, { bytes: frame.byteLength });
    }
  };
}

function* decode(decoder: LengthPrefixedDecoder, chunk: Uint8Array | Uint8ArrayList): Generator<Uint8ArrayList> {
  try {
    yield* decoder.decode(chunk);
  } catch (cause) {
    if (cause instanceof SwarmError) throw cause;
    throw new SwarmError('too-large', `swarm: frame above ${MAX_FRAME_BYTES} bytes`, {}, { cause });
  }
}
