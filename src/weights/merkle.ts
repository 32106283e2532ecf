import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '../base/bytes.ts';
import type { ModelRoot } from '../base/branded.ts';
import { invariant } from '../base/invariant.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const HASH_BYTES = 32;

/**
 * The Merkle tree hash of RFC 6962, section 2.1, whose leaves are the pieces' SHA-256 in file order: a model's id.
 *
 * @param hashes (N, 32) bytes, N >= 1
 */
export function merkleRoot(hashes: Uint8Array): ModelRoot {
  const count = hashes.byteLength / HASH_BYTES;
  invariant(Number.isInteger(count) && count > 0, 'piece hashes are 32 bytes each, at least one');
  return bytesToHex(treeHash(hashes, 0, count)) as ModelRoot;
}

function treeHash(hashes: Uint8Array, from: number, to: number): Uint8Array {
  if (to - from === 1) return sha256(concatBytes([LEAF, hashes.subarray(from * HASH_BYTES, to * HASH_BYTES)]));
  // The left tree takes the largest power of two that leaves something for the right one.
  const left = 2 ** Math.floor(Math.log2(to - from - 1));
  return sha256(concatBytes([NODE, treeHash(hashes, from, from + left), treeHash(hashes, from + left, to)]));
}
