import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes } from '../base/bytes.ts';
import { merkleRoot } from './merkle.ts';

const sha = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const leaf = (data: Uint8Array) => sha(Uint8Array.of(0), data);
const node = (a: Uint8Array, b: Uint8Array) => sha(Uint8Array.of(1), a, b);
const hashes = Array.from({ length: 7 }, (_, i) => sha(Uint8Array.of(i)));

test('one piece: the root is the leaf hash, not the piece hash (RFC 6962, section 2.1)', () => {
  const [only] = hashes as [Uint8Array];
  expect(merkleRoot(only)).toBe(bytesToHex(leaf(only)));
});

test('seven pieces split 4 + 3, as in the example of RFC 6962, section 2.1.3', () => {
  const [a, b, c, d, e, f, g] = hashes.map(leaf) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const expected = node(node(node(a, b), node(c, d)), node(node(e, f), g));
  expect(merkleRoot(concatBytes(hashes))).toBe(bytesToHex(expected));
});

test('the order of the pieces and every bit of them decide the root', () => {
  const root = merkleRoot(concatBytes(hashes));
  expect(merkleRoot(concatBytes(hashes.toReversed()))).not.toBe(root);
  fc.assert(
    fc.property(fc.nat(7 * 32 * 8 - 1), (bit) => {
      const changed = concatBytes(hashes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return merkleRoot(changed) !== root;
    }),
  );
});

test('a known value, so that the id of a model never changes between versions', () => {
  const pieces = concatBytes([hexToBytes('00'.repeat(32)), hexToBytes('ff'.repeat(32)), hexToBytes('5a'.repeat(32))]);
  const [a, b, c] = [pieces.slice(0, 32), pieces.slice(32, 64), pieces.slice(64)].map(leaf) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  expect(merkleRoot(pieces)).toBe(bytesToHex(node(node(a, b), c)));
});
