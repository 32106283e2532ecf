import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WeightsError } from '../errors.ts';
import { writeGguf } from './write-gguf.ts';
import { createGgufHeaderParser } from './header.ts';
import { layoutGguf } from './layout.ts';

const bytesOf = (size: number) => new Uint8Array(size);
const seeds: Uint8Array[] = [
  writeGguf({
    metadata: {
      'general.architecture': 'llama',
      'x.count': 3,
      'x.list': ['a', 'bc'],
      'x.numbers': Uint32Array.of(1, 2, 3),
      y: true,
    },
    tensors: [
      { name: 'a', dims: [64, 2], type: 'Q4_0' as const, bytes: bytesOf(72) },
      { name: 'b', dims: [3], type: 'F32' as const, bytes: bytesOf(12) },
    ],
  }),
  writeGguf({
    metadata: { 'general.alignment': 32, 'general.name': 'ä' },
    tensors: [{ name: 'w', dims: [2, 2, 2], type: 'F16' as const, bytes: bytesOf(16) }],
  }),
];
const REAL = ['random/qwen2-Q4_0', 'stories260K/stories260K-Q4_0']
  .map((name) => `../shared/models/${name}.gguf`)
  .filter((path) => existsSync(path));
const realSeeds = REAL.map((path) => new Uint8Array(readFileSync(path).subarray(0, 16_384)));

type Mutation = {
  readonly t: 'flip' | 'set' | 'cut' | 'splice' | 'huge';
  readonly at: number;
  readonly from: number;
  readonly value: number;
};
const mutation: fc.Arbitrary<Mutation> = fc.record({
  t: fc.constantFrom('flip', 'set', 'cut', 'splice', 'huge'),
  at: fc.nat(0xffffff),
  from: fc.nat(0xffffff),
  value: fc.nat(255),
});

function mutated(seed: Uint8Array, other: Uint8Array, { t, at, from, value }: Mutation): Uint8Array {
  const out = seed.slice();
  const index = at % Math.max(1, out.length);
  if (t === 'flip') out[index] = (out[index] ?? 0) ^ (1 << (value & 7));
  if (t === 'set') out[index] = value;
  if (t === 'cut') return out.subarray(0, index);
  if (t === 'splice')
    out.set(other.subarray(from % other.length, (from % other.length) + Math.min(value, out.length - index)), index);
  if (t === 'huge') out.fill(value > 127 ? 0xff : 0x7f, index, index + 8);
  return out;
}

/** Feeds `bytes` in chunks; true if they were accepted, false if refused by name; anything else throws. */
function accepts(bytes: Uint8Array, chunk: number): boolean {
  try {
    const parser = createGgufHeaderParser();
    for (let at = 0; at < bytes.byteLength; at += chunk) if (parser.push(bytes.subarray(at, at + chunk))) break;
    layoutGguf(parser.finish(), bytes.byteLength);
    return true;
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    return false;
  }
}

/** Runs `runs` mutated inputs; returns how many were accepted and refused. */
function fuzz(pool: readonly Uint8Array[], runs: number, seed: number): { accepted: number; refused: number } {
  const counts = { accepted: 0, refused: 0 };
  const input = fc.tuple(
    fc.nat(pool.length - 1),
    fc.nat(pool.length - 1),
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 5000 }),
  );
  fc.assert(
    fc.property(input, ([first, second, mutations, chunk]) => {
      const other = pool[second] ?? bytesOf(1);
      const bytes = mutations.reduce((now, step) => mutated(now, other, step), pool[first] ?? bytesOf(1));
      counts[accepts(bytes, chunk) ? 'accepted' : 'refused']++;
    }),
    { numRuns: runs, seed },
  );
  return counts;
}

test('100,000 mutated small headers raise WeightsError or are accepted, nothing else', { timeout: 120_000 }, () => {
  const { accepted, refused } = fuzz(seeds, 100_000, 1);
  expect(accepted + refused).toBe(100_000);
  expect(accepted).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(10_000);
});

test.skipIf(realSeeds.length === 0)(
  '4,000 mutated headers of the shared models too (skipped without ../shared/models)',
  { timeout: 120_000 },
  () => {
    expect(fuzz(realSeeds, 4000, 2).refused).toBeGreaterThan(1000);
  },
);

test('a 64-bit count or a far-off length is refused before anything is allocated for it', () => {
  const [seed = bytesOf(1)] = seeds;
  for (let at = 8; at < 24; at += 8) {
    const lying = seed.slice();
    lying.fill(0xff, at, at + 8);
    expect(() => accepts(lying, 4096)).not.toThrow();
    expect(accepts(lying, 4096)).toBe(false);
  }
});
