import { delMany, get, keys, set } from 'idb-keyval';
import { openIdbStore } from './idb-store.ts';
import type { PartialStore } from './partial-store.ts';
import { namedStorage } from './storage-errors.ts';

type PartialKey = [infoHash: string, chunk: number];

/** Waiting chunks in IndexedDB, one Blob each under its torrent's info hash and its index. */
export function createIdbPartialStore(factory?: IDBFactory): PartialStore {
  const store = openIdbStore('starling-partials', 'partials', factory);
  return {
    async list(infoHash) {
      const all = await namedStorage('list chunks', 0, () => keys<PartialKey>(store));
      return all.filter(([of]) => of === infoHash).map(([, chunk]) => chunk);
    },
    read: (infoHash, chunk, start, end) =>
      namedStorage('read a chunk', 0, async () => {
        const blob = await get<Blob>([infoHash, chunk], store);
        return blob && new Uint8Array(await blob.slice(start ?? 0, end ?? blob.size).arrayBuffer());
      }),
    put: (infoHash, chunk, bytes) =>
      namedStorage('store a chunk', bytes.byteLength, () => set([infoHash, chunk], new Blob([bytes]), store)),
    delete: (infoHash, chunks) =>
      namedStorage('delete chunks', 0, () =>
        delMany(
          chunks.map((chunk): PartialKey => [infoHash, chunk]),
          store,
        ),
      ),
  };
}
