import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bytes } from '../base/bytes.ts';
import { createRandom, shuffled } from '../base/random.ts';
import { sha256Hex } from '../base/sha256.ts';
import { createMemoryPieceStore } from './memory-piece-store.ts';
import type { ModelPiece } from './model-pieces.ts';
import { createMemoryPartialStore } from './partial-store.ts';
import { PieceAssembler } from './piece-assembler.ts';

const infoHash = '0'.repeat(40);

async function cut(file: Bytes, sizes: readonly number[]): Promise<ModelPiece[]> {
  let end = 0;
  return Promise.all(
    sizes.map(async (size, index) => {
      const start = end;
      end += size;
      return { index, start, end, hash: await sha256Hex(file.slice(start, start + size)) };
    }),
  );
}

const randomFile = (size: number, seed = 1) => {
  const random = createRandom(seed);
  return Uint8Array.from({ length: size }, () => random.u32());
};
const chunkAt = (file: Bytes, chunk: number, chunkBytes: number) =>
  file.slice(chunk * chunkBytes, (chunk + 1) * chunkBytes);
const stores = () => ({ pieces: createMemoryPieceStore(), partials: createMemoryPartialStore() });

test('whatever the cut, the grid and the order of arrival: all pieces are stored, no chunk is left over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 16, max: 400 }),
      fc.integer(),
      async (sizes, chunkBytes, seed) => {
        const file = randomFile(
          sizes.reduce((a, b) => a + b, 0),
          seed,
        );
        const components = stores();
        const model = await cut(file, sizes);
        const assembler = await PieceAssembler.open({ model, infoHash, chunkBytes }, components);
        const order = shuffled([...Array(assembler.chunkCount).keys()], createRandom(seed));
        for (const chunk of order) {
          await assembler.putChunk(chunk, chunkAt(file, chunk, chunkBytes));
          expect(await assembler.readChunk(chunk)).toEqual(chunkAt(file, chunk, chunkBytes));
        }
        for (const piece of model)
          expect(await components.pieces.read(piece.hash)).toEqual(file.slice(piece.start, piece.end));
        expect(await components.partials.list(infoHash)).toEqual([]);
        expect(assembler.verifiedBytes).toBe(file.byteLength);
      },
    ),
    { numRuns: 100 },
  );
});

test('after a reload exactly the verified chunks are there, and a piece that was ready is finished', async () => {
  const file = randomFile(10_000);
  const components = stores();
  const init = { model: await cut(file, [3000, 5000, 2000]), infoHash, chunkBytes: 1024 };
  const before = await PieceAssembler.open(init, components);
  for (const chunk of [0, 1, 5, 9]) await before.putChunk(chunk, chunkAt(file, chunk, 1024));
  // The tab dies between the last chunk of a piece and its assembly.
  await components.partials.put(infoHash, 2, chunkAt(file, 2, 1024));

  const after = await PieceAssembler.open(init, components);
  const here = [...Array(10).keys()].filter((chunk) => after.hasChunk(chunk));
  expect(here).toEqual([0, 1, 2, 5, 9]);
  expect((await components.pieces.list()).size).toBe(1);
  expect(after.verifiedBytes).toBe(4 * 1024 + (10_000 - 9 * 1024));
  for (const chunk of here) expect(await after.readChunk(chunk)).toEqual(chunkAt(file, chunk, 1024));
  await expect(after.readChunk(4)).rejects.toMatchObject({ code: 'piece-missing' });
});

test('pieces that another model brought count at once, on any grid', async () => {
  const file = randomFile(10_000);
  const components = stores();
  const model = await cut(file, [1000, 7000, 2000]);
  await components.pieces.put(model[1]?.hash ?? (await sha256Hex(file)), file.slice(1000, 8000));
  const assembler = await PieceAssembler.open({ model, infoHash, chunkBytes: 1024 }, components);
  const here = [...Array(assembler.chunkCount).keys()].filter((chunk) => assembler.hasChunk(chunk));
  expect(here).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await assembler.readChunk(3, 100, 200)).toEqual(file.slice(3 * 1024 + 100, 3 * 1024 + 300));
});

test('chunks that arrive at once assemble each piece once', async () => {
  const file = randomFile(8192);
  const components = stores();
  const assembled: number[] = [];
  const model = await cut(file, [5000, 3192]);
  const init = { model, infoHash, chunkBytes: 1024, onPiece: (piece: ModelPiece) => assembled.push(piece.index) };
  const assembler = await PieceAssembler.open(init, components);
  await Promise.all([...Array(8).keys()].map((chunk) => assembler.putChunk(chunk, chunkAt(file, chunk, 1024))));
  expect(assembled.toSorted((a, b) => a - b)).toEqual([0, 1]);
  expect(await components.partials.list(infoHash)).toEqual([]);
});

test('a chunk that the disk damaged makes its piece fail by name, and is fetched again next time', async () => {
  const file = randomFile(4096);
  const components = stores();
  const init = { model: await cut(file, [4096]), infoHash, chunkBytes: 1024 };
  const assembler = await PieceAssembler.open(init, components);
  for (const chunk of [0, 1, 2]) await assembler.putChunk(chunk, chunkAt(file, chunk, 1024));
  await components.partials.put(infoHash, 1, new Uint8Array(1024));
  await expect(assembler.putChunk(3, chunkAt(file, 3, 1024))).rejects.toMatchObject({ code: 'hash-mismatch' });
  expect((await components.pieces.list()).size).toBe(0);
  const again = await PieceAssembler.open(init, components);
  expect(again.verifiedBytes).toBe(0);
});
