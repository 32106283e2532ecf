import type { ChunkStore } from 'webtorrent';
import { copyBytes } from '../../base/bytes.ts';
import type { PieceAssembler } from '../piece-assembler.ts';

type Assembler = Pick<PieceAssembler, 'putChunk' | 'readChunk'>;

/**
 * The content store as webtorrent wants to see it (abstract-chunk-store): the torrent's store IS the content store, there
 * is no second copy. `onError` gets what webtorrent would turn into a plain error.
 */
export function createChunkStore(
  assembler: Assembler,
  chunkLength: number,
  onError: (error: unknown) => void,
): ChunkStore {
  return {
    chunkLength,
    put(index, bytes, callback) {
      // Named before webtorrent hears of it, because it ends the torrent at once.
      void answer(assembler.putChunk(index, copyBytes(bytes)), callback, onError);
    },
    get(index, options, callback) {
      const done = typeof options === 'function' ? options : callback;
      const { offset, length } = (typeof options === 'function' ? undefined : options) ?? {};
      void answer(assembler.readChunk(index, offset, length), done);
    },
    close: (callback) => callback?.(null),
    // Deleting a model is the library's decision.
    destroy: (callback) => callback?.(null),
  };
}

async function answer<T>(
  work: Promise<T>,
  callback: ((error: Error | null, value?: T) => void) | undefined,
  onError?: (error: unknown) => void,
): Promise<void> {
  let value: T;
  try {
    value = await work;
  } catch (error) {
    onError?.(error);
    callback?.(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  callback?.(null, value);
}
