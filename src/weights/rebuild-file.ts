import type { Bytes } from '../base/bytes.ts';
import type { Manifest } from '../protocol/index.ts';
import { listPieces } from './model-pieces.ts';
import type { PieceStore } from './piece-store.ts';

/**
 * The GGUF file again, byte for byte, one checked piece at a time as the reader asks for it.
 *
 * The stream fails with a `WeightsError` `piece-missing` or `hash-mismatch` at the first piece that is not here whole.
 */
export function rebuildFile(
  manifest: Pick<Manifest, 'hashes' | 'sizes'>,
  store: Pick<PieceStore, 'read'>,
): ReadableStream<Bytes> {
  const pieces = listPieces(manifest).values();
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const { value: piece, done } = pieces.next();
        if (done) controller.close();
        else controller.enqueue(await store.read(piece.hash));
      },
    },
    { highWaterMark: 0 },
  );
}
