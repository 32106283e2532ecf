import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_PIECE_BYTES } from '../protocol/index.ts';
import { LONE_TENSOR_BYTES, planChunkBytes, planPieces, type CutFile } from './plan-pieces.ts';

const MIB = 1024 * 1024;

/** A file of a header and tensors of these sizes, each padded to 32 bytes. */
function cutFile(headerBytes: number, tensorBytes: readonly number[]): CutFile {
  let end = headerBytes;
  const tensors = tensorBytes.map((sizeBytes) => {
    const start = end;
    end += Math.ceil(sizeBytes / 32) * 32;
    return { start, sizeBytes };
  });
  return { headerBytes, sizeBytes: end, tensors };
}

test('the header stands alone, large tensors stand alone, small ones are grouped up to 4 MiB', () => {
  const plan = planPieces(cutFile(4096, [100, 64, 600 * 1024, 32, 9 * MIB, 32]));
  expect(plan).toEqual({
    headerBytes: 4096,
    sizes: [4096, 128 + 64, 600 * 1024, 32, 4 * MIB, 4 * MIB, 1 * MIB, 32],
  });
});

test('a group ends before it would pass 4 MiB', () => {
  const plan = planPieces(
    cutFile(
      32,
      Array.from({ length: 10 }, () => 500 * 1024),
    ),
  );
  expect(plan.sizes).toEqual([32, 8 * 500 * 1024, 2 * 500 * 1024]);
});

test('a file without tensors is all header', () => {
  expect(planPieces({ headerBytes: 100, sizeBytes: 100, tensors: [] })).toEqual({ headerBytes: 100, sizes: [100] });
});

test('a tensor that two files share gives the same pieces wherever it lies', () => {
  const shared = [700 * 1024, 5 * MIB, LONE_TENSOR_BYTES];
  const a = planPieces(cutFile(64, [10, ...shared, 20])).sizes;
  const b = planPieces(cutFile(5000, [3 * MIB, ...shared])).sizes;
  const tail = [700 * 1024, 4 * MIB, 1 * MIB, LONE_TENSOR_BYTES];
  expect(a.join()).toContain(tail.join());
  expect(b.join()).toContain(tail.join());
});

test('any file is covered exactly, in pieces of 1 byte to 4 MiB that end where the header ends', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 * MIB }),
      fc.array(fc.integer({ min: 1, max: 9 * MIB })),
      (header, tensors) => {
        const file = cutFile(header, tensors);
        const { sizes, headerBytes } = planPieces(file);
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(file.sizeBytes);
        expect(sizes.every((size) => size > 0 && size <= MAX_PIECE_BYTES)).toBe(true);
        let end = 0;
        const ends = sizes.map((size) => (end += size));
        expect(ends).toContain(headerBytes);
      },
    ),
  );
});

test('over 65,536 pieces are refused by name', () => {
  const start = 32;
  const tensors = [{ start, sizeBytes: MAX_PIECE_BYTES * 65_537 }];
  expect(() => planPieces({ headerBytes: start, sizeBytes: start + MAX_PIECE_BYTES * 65_537, tensors })).toThrow(
    expect.objectContaining({ name: 'WeightsError', code: 'gguf-limit' }),
  );
});

test('torrent chunks are a power of two near size/256, within 64 KiB and 4 MiB', () => {
  expect(planChunkBytes(1)).toBe(64 * 1024);
  expect(planChunkBytes(64 * MIB)).toBe(256 * 1024);
  expect(planChunkBytes(145 * MIB)).toBe(512 * 1024);
  expect(planChunkBytes(1024 * MIB)).toBe(4 * MIB);
  expect(planChunkBytes(2 ** 46)).toBe(4 * MIB);
});
