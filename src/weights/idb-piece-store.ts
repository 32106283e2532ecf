import { delMany, entries, get, keys, set } from 'idb-keyval';
import type { PieceHash } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { WeightsError } from './errors.ts';
import { openIdbStore } from './idb-store.ts';
import { checkPiece, missingPiece } from './piece-check.ts';
import type { PieceStore } from './piece-store.ts';
import { namedStorage } from './storage-errors.ts';

/**
 * Pieces in IndexedDB, one Blob each under its hash: the form that reads fastest at 4 MiB (reference p2p-stack,
 * section 5). Works in pages and workers; all of them on one origin see the same pieces.
 *
 * @param database what is kept apart has another name
 * @param factory of another realm's databases
 */
export function createIdbPieceStore(database = 'starling-pieces', factory?: IDBFactory): PieceStore {
  const store = openIdbStore(database, 'pieces', factory);
  const held = async (hash: PieceHash): Promise<Blob> => {
    const blob = await namedStorage('read a piece', 0, () => get<Blob>(hash, store));
    if (!(blob instanceof Blob)) throw missingPiece(hash);
    return blob;
  };
  const remove = (hashes: readonly PieceHash[]) => namedStorage('delete pieces', 0, () => delMany([...hashes], store));
  return {
    async has(hashes) {
      const stored = new Set(await namedStorage('list pieces', 0, () => keys<PieceHash>(store)));
      return new Set(hashes.filter((hash) => stored.has(hash)));
    },
    async read(hash) {
      const bytes = await blobBytes(await held(hash));
      try {
        await checkPiece(hash, bytes);
      } catch (error) {
        if (error instanceof WeightsError) await remove([hash]);
        throw error;
      }
      return bytes;
    },
    async slice(hash, start, end) {
      return blobBytes((await held(hash)).slice(start, end));
    },
    async put(hash, bytes) {
      await checkPiece(hash, bytes);
      await namedStorage('store a piece', bytes.byteLength, () => set(hash, new Blob([bytes]), store));
    },
    delete: remove,
    async list() {
      const all = await namedStorage('list pieces', 0, () => entries<PieceHash, Blob>(store));
      return new Map(all.map(([hash, blob]) => [hash, blob.size]));
    },
  };
}

function blobBytes(blob: Blob): Promise<Bytes> {
  return namedStorage('read a piece', 0, async () => new Uint8Array(await blob.arrayBuffer()));
}
