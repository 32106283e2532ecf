import { beforeEach, describe, expect, test } from 'vitest';
import type { PieceHash } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { createRandom } from '../base/random.ts';
import { sha256Hex } from '../base/sha256.ts';
import type { PieceStore } from './piece-store.ts';

const random = createRandom(7);
function randomBytes(count: number): Bytes {
  return Uint8Array.from({ length: count }, () => random.u32());
}

/** What every driver of `PieceStore` must do. `create` may return a store that already holds other pieces. */
export function describePieceStore(
  name: string,
  create: () => Promise<PieceStore>,
  /** Changes the stored bytes of a piece behind the store's back, where the driver allows it. */
  damage?: (hash: PieceHash) => Promise<void>,
): void {
  describe(`piece store: ${name}`, () => {
    let store: PieceStore;
    beforeEach(async () => {
      store = await create();
    });
    const put = async (bytes: Bytes) => {
      const hash = await sha256Hex(bytes);
      await store.put(hash, bytes);
      return hash;
    };

    test('gives back what was put, whole and in slices', async () => {
      const bytes = randomBytes(100_000);
      const hash = await put(bytes);
      expect(await store.read(hash)).toEqual(bytes);
      expect(await store.slice(hash, 99_990, 100_000)).toEqual(bytes.slice(99_990));
      expect(await store.slice(hash, 5, 5)).toEqual(new Uint8Array());
    });

    test('says which pieces it has and how large each is', async () => {
      const hash = await put(randomBytes(1234));
      const other = await sha256Hex(randomBytes(9));
      expect(await store.has([hash, other])).toEqual(new Set([hash]));
      expect((await store.list()).get(hash)).toBe(1234);
      expect((await store.list()).has(other)).toBe(false);
    });

    test('refuses bytes that do not hash to the name, and stores nothing', async () => {
      const hash = await sha256Hex(randomBytes(10));
      await expect(store.put(hash, randomBytes(10))).rejects.toMatchObject({ code: 'hash-mismatch' });
      expect((await store.has([hash])).size).toBe(0);
    });

    test('a piece that is not there is `piece-missing`', async () => {
      const hash = await sha256Hex(randomBytes(11));
      await expect(store.read(hash)).rejects.toMatchObject({ name: 'WeightsError', code: 'piece-missing' });
      await expect(store.slice(hash, 0, 1)).rejects.toMatchObject({ code: 'piece-missing' });
    });

    test('putting twice keeps one copy; deleting forgets it; deleting nothing is no error', async () => {
      const bytes = randomBytes(500);
      const hash = await put(bytes);
      const before = (await store.list()).size;
      await put(bytes);
      expect((await store.list()).size).toBe(before);
      await store.delete([hash, await sha256Hex(randomBytes(3))]);
      expect((await store.list()).size).toBe(before - 1);
      await store.delete([]);
    });

    test('changing bytes that were handed in or out changes nothing that is stored', async () => {
      const bytes = randomBytes(64);
      const original = bytes.slice();
      const hash = await put(bytes);
      bytes.fill(0);
      (await store.read(hash)).fill(1);
      expect(await store.read(hash)).toEqual(original);
    });

    test.skipIf(!damage)('a piece that the disk changed is refused once and then gone', async () => {
      const hash = await put(randomBytes(4096));
      await damage?.(hash);
      await expect(store.read(hash)).rejects.toMatchObject({ code: 'hash-mismatch' });
      await expect(store.read(hash)).rejects.toMatchObject({ code: 'piece-missing' });
    });
  });
}
