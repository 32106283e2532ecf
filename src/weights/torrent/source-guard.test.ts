import { expect, test } from 'vitest';
import { isOverfetched, SourceGuard } from './source-guard.ts';

const liar = { id: 'liar' };
const honest = { id: 'honest' };

test('a source that alone gave two bad pieces is banned at the second, once', () => {
  const guard = new SourceGuard<object>();
  for (const [piece, expected] of [
    [1, undefined],
    [2, liar],
    [3, undefined],
  ] as const) {
    guard.contributed(liar, piece);
    expect(guard.failed(piece)).toBe(expected);
  }
  expect(guard.bannedCount).toBe(1);
});

test('nobody is blamed for a piece that several gave, however often it fails', () => {
  const guard = new SourceGuard<object>();
  for (let piece = 0; piece < 20; piece++) {
    guard.contributed(liar, piece);
    guard.contributed(honest, piece);
    expect(guard.failed(piece)).toBeUndefined();
  }
});

test('a piece that fails starts afresh: who gave the first copy is not blamed for the second', () => {
  const guard = new SourceGuard<object>();
  guard.contributed(honest, 7);
  guard.contributed(liar, 7);
  guard.failed(7);
  guard.contributed(liar, 7);
  expect(guard.failed(7)).toBeUndefined();
  guard.contributed(liar, 8);
  expect(guard.failed(8)).toBe(liar);
});

test('good pieces are remembered, and no piece is blamed that nobody is known for', () => {
  const guard = new SourceGuard<object>();
  guard.contributed(honest, 1);
  guard.verified(1);
  expect(guard.verifiedOf(honest)).toBe(1);
  expect(guard.verifiedOf(liar)).toBe(0);
  expect(guard.failed(1)).toBeUndefined();
});

test('the overfetch bound keeps the total below 1.3 times the model, whenever it trips', () => {
  const size = 64 * 2 ** 20;
  const chunk = 2 ** 18;
  for (let verified = 0; verified <= size; verified += chunk) {
    let wasted = 0;
    while (!isOverfetched(wasted, verified, size, chunk)) wasted += 16_384;
    // From there on single sources: two bad chunks before each is banned, of which there are few.
    const total = wasted + size + 2 * chunk;
    expect(total / size).toBeLessThan(1.3);
  }
  expect(isOverfetched(2 * chunk, 0, size, chunk)).toBe(false);
});
