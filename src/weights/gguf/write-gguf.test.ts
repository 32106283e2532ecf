import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseGgufHeader } from './header.ts';
import { writeGguf, type GgufWriteTensor } from './write-gguf.ts';

const vector = (name: string, length: number): GgufWriteTensor => ({
  name,
  dims: [length],
  type: 'F32',
  bytes: new Uint8Array(Float32Array.from({ length }, (_, i) => i).buffer),
});
const codeOf = (run: () => unknown) => {
  try {
    run();
    return 'fine';
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

test('the parser reads what was written, types and bytes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.string(), fc.integer({ min: 0, max: 0xffffffff }), (lengths, text, whole) => {
      const tensors = lengths.map((length, i) => vector(`t${i}`, length));
      const lists = {
        list: ['a', text],
        i32: Int32Array.of(-1, 3),
        u32: Uint32Array.of(7),
        f32s: Float32Array.of(0.5),
      };
      const file = writeGguf({ metadata: { text, whole, half: 0.5, ten: { f32: 10 }, yes: true, ...lists }, tensors });
      const { metadata, tensors: found } = parseGgufHeader(file);
      expect(Object.fromEntries(metadata.entries)).toEqual({ text, whole, half: 0.5, ten: 10, yes: true, ...lists });
      for (const [i, { start, sizeBytes, name }] of found.entries()) {
        expect(name).toBe(`t${i}`);
        expect(start % 32).toBe(0);
        expect(file.slice(start, start + sizeBytes)).toEqual(tensors[i]?.bytes);
      }
    }),
  );
});

test('a whole number says that it is f32 where readers insist', () => {
  const file = writeGguf({ metadata: { k: { f32: 10_000 } }, tensors: [] });
  // magic, version, tensors, entries, length of the key, "k", type
  const at = 4 + 4 + 8 + 8 + 8 + 1;
  expect(new DataView(file.buffer).getUint32(at, true)).toBe(6);
  expect(new DataView(file.buffer).getFloat32(at + 4, true)).toBe(10_000);
});

test('refuses what no reader would accept', () => {
  const write = (...tensors: GgufWriteTensor[]) => codeOf(() => writeGguf({ metadata: {}, tensors }));
  expect(write(vector('a', 3), vector('b', 3))).toBe('fine');
  expect(write(vector('a', 3), vector('a', 3))).toBe('gguf-tensor-duplicate');
  expect(write({ ...vector('a', 3), dims: [4] })).toBe('gguf-tensor-shape');
  expect(write({ ...vector('a', 3), dims: [3, 0] })).toBe('gguf-tensor-shape');
  expect(write({ ...vector('a', 3), dims: [3, 1, 1, 1, 1] })).toBe('gguf-tensor-shape');
  expect(write({ name: 'a', dims: [16, 2], type: 'Q8_0', bytes: new Uint8Array(34) })).toBe('gguf-tensor-shape');
  expect(write(vector('x'.repeat(64), 3))).toBe('gguf-metadata');
  expect(codeOf(() => writeGguf({ metadata: { n: -1 }, tensors: [] }))).toBe('gguf-metadata');
});
