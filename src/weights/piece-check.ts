import type { PieceHash } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { sha256Hex } from '../base/sha256.ts';
import { WeightsError } from './errors.ts';

/** @throws {WeightsError} `hash-mismatch` unless the bytes are the piece of this name */
export async function checkPiece(hash: PieceHash, bytes: Bytes): Promise<void> {
  const actual = await sha256Hex(bytes);
  if (actual === hash) return;
  throw new WeightsError(
    'hash-mismatch',
    `piece ${hash} of ${bytes.byteLength} bytes hashes to ${actual}; it is thrown away and must be fetched again`,
    { name: hash, value: bytes.byteLength },
  );
}

export function missingPiece(hash: PieceHash): WeightsError {
  return new WeightsError('piece-missing', `piece ${hash} is not on this device; fetch the model again`, {
    name: hash,
  });
}
