import type { PieceHash } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';

/**
 * Content-addressed pieces of weights, shared by all models on this device and by all tabs of this origin.
 *
 * A piece is in the store only if its bytes hashed to its name when it was put; `read` checks again, because disks lie.
 */
export interface PieceStore {
  /** Which of these are stored. */
  has(hashes: readonly PieceHash[]): Promise<ReadonlySet<PieceHash>>;
  /** @throws {WeightsError} `piece-missing` or `hash-mismatch` (the damaged piece is deleted first) */
  read(hash: PieceHash): Promise<Bytes>;
  /** Part of a piece, unchecked: for serving torrent blocks, whose readers check them. */
  slice(hash: PieceHash, start: number, end: number): Promise<Bytes>;
  /** @throws {WeightsError} `hash-mismatch` (nothing is stored) or `quota-exceeded` */
  put(hash: PieceHash, bytes: Bytes): Promise<void>;
  delete(hashes: readonly PieceHash[]): Promise<void>;
  /** Every stored piece and its size in bytes. */
  list(): Promise<ReadonlyMap<PieceHash, number>>;
}
