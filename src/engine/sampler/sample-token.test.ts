import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { philox4x32 } from './philox.ts';
import { philoxReference, sampleTokenReference } from './sample-token.reference.ts';
import { sampleToken } from './sample-token.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });

describe('philox4x32', () => {
  // Random123, kat_vectors, philox4x32 10 rounds.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('agrees with the known answer for %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32([...counter], [...key], out);
    expect([...out]).toEqual([...expected]);
    expect(philoxReference(counter, key)).toEqual([...expected]);
  });
});

describe('sampleToken', () => {
  test('draws what the reference draws', () => {
    const logits = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 60 });
    const sampling = fc.record({
      temperature: fc.constantFrom(0, 0.1, 0.7, 1, 2),
      topK: fc.nat(70),
      topP: fc.constantFrom(0.0001, 0.3, 0.9, 0.999, 1),
      seed: u32,
    });
    const place = fc.record({ record: fc.maxSafeNat(), position: fc.nat(100_000) });
    fc.assert(
      fc.property(logits, sampling, place, (values, options, where) => {
        // Tenths make ties common.
        const row = Float32Array.from(values, (v) => v / 10);
        expect(sampleToken(row, options, where)).toBe(sampleTokenReference(row, options, where));
      }),
      { numRuns: 3000 },
    );
  });

  test('follows the softmax', () => {
    const logits = Float32Array.of(0, 1, 2, -1);
    const counts = [0, 0, 0, 0];
    const draws = 20_000;
    for (let record = 0; record < draws; record++) {
      const id = sampleToken(logits, { temperature: 1, topK: 0, topP: 1, seed: 7 }, { record, position: 3 });
      counts[id] = (counts[id] ?? 0) + 1;
    }
    const mass = logits.reduce((sum, v) => sum + Math.exp(v), 0);
    // Five standard deviations of a binomial count stay below 0.018 of 20,000 draws.
    logits.forEach((v, id) => expect(Math.abs((counts[id] ?? 0) / draws - Math.exp(v) / mass)).toBeLessThan(0.018));
  });

  test('another seed, record or position draws other numbers', () => {
    const random = createRandom(1);
    const logits = Float32Array.from({ length: 512 }, () => random.uniform());
    const draw = (seed: number, record: number, position: number) =>
      sampleToken(logits, { temperature: 1, topK: 0, topP: 1, seed }, { record, position });
    const draws = new Set(Array.from({ length: 30 }, (_, i) => draw(i % 3, Math.floor(i / 3) % 2, Math.floor(i / 6))));
    expect(draws.size).toBeGreaterThan(20);
    expect(draw(1, 1, 1)).toBe(draw(1, 1, 1));
  });
});
