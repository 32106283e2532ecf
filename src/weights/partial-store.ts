import type { Bytes } from '../base/bytes.ts';

/**
 * Torrent chunks that passed their SHA-1 and wait for the rest of their content piece. They survive a reload, so that
 * nothing verified is fetched twice.
 */
export interface PartialStore {
  /** Indexes of the chunks that are stored for a torrent. */
  list(infoHash: string): Promise<readonly number[]>;
  /** Undefined if it is not stored. `start` and `end` are byte offsets in the chunk. */
  read(infoHash: string, chunk: number, start?: number, end?: number): Promise<Bytes | undefined>;
  /** @throws {WeightsError} `quota-exceeded` or `store-failed` */
  put(infoHash: string, chunk: number, bytes: Bytes): Promise<void>;
  delete(infoHash: string, chunks: readonly number[]): Promise<void>;
}

export function createMemoryPartialStore(): PartialStore {
  const torrents = new Map<string, Map<number, Bytes>>();
  const chunksOf = (infoHash: string) => {
    const chunks = torrents.get(infoHash) ?? new Map<number, Bytes>();
    torrents.set(infoHash, chunks);
    return chunks;
  };
  return {
    list: (infoHash) => Promise.resolve([...chunksOf(infoHash).keys()]),
    read: (infoHash, chunk, start, end) => Promise.resolve(chunksOf(infoHash).get(chunk)?.slice(start, end)),
    async put(infoHash, chunk, bytes) {
      chunksOf(infoHash).set(chunk, bytes.slice());
    },
    async delete(infoHash, chunks) {
      for (const chunk of chunks) chunksOf(infoHash).delete(chunk);
    },
  };
}
