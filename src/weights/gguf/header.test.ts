import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeGguf } from './write-gguf.ts';
import { createGgufHeaderParser, parseGgufHeader } from './header.ts';
import { layoutGguf } from './layout.ts';
import type { TensorType } from './tensor-type.ts';

const tensor = (name: string, dims: number[], type: TensorType, sizeBytes: number) => ({
  name,
  dims,
  type,
  bytes: new Uint8Array(sizeBytes),
});
const small = () =>
  writeGguf({
    metadata: {
      'general.architecture': 'llama',
      'llama.block_count': 3,
      'llama.rope.freq_base': 1.5,
      'tokenizer.ggml.tokens': ['a', 'ä', 'Ġthe quick brown fox jumps over'],
      'tokenizer.ggml.scores': Float32Array.of(0, -1.5),
      'tokenizer.ggml.add_bos_token': true,
    },
    tensors: [
      tensor('a.weight', [64, 3], 'Q4_0', 108),
      tensor('b.weight', [256], 'Q6_K', 210),
      tensor('c.weight', [5], 'F32', 20),
    ],
  });

/** `bytes` with the first occurrence of `find` replaced by as many bytes of `replace`. */
function patched(bytes: Uint8Array, find: Uint8Array, replace: Uint8Array): Uint8Array {
  const at = bytes.findIndex((_, i) => find.every((byte, j) => bytes[i + j] === byte));
  expect(at).toBeGreaterThanOrEqual(0);
  const out = bytes.slice();
  out.set(replace, at);
  return out;
}
const text = (value: string) => new TextEncoder().encode(value);
const u64 = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);

describe('gguf header', () => {
  test('gives typed metadata, the tensor table and the layout', () => {
    const bytes = small();
    const header = parseGgufHeader(bytes);
    expect(header.metadata.requireText('general.architecture')).toBe('llama');
    expect(header.metadata.requireNumber('llama.block_count')).toBe(3);
    expect(header.metadata.number('llama.rope.freq_base')).toBe(1.5);
    expect(header.metadata.texts('tokenizer.ggml.tokens')).toEqual(['a', 'ä', 'Ġthe quick brown fox jumps over']);
    expect(header.metadata.numbers('tokenizer.ggml.scores')).toEqual(Float32Array.of(0, -1.5));
    expect(header.metadata.flag('tokenizer.ggml.add_bos_token')).toBe(true);
    const start = header.headerBytes;
    expect(header.tensors).toEqual([
      { name: 'a.weight', dims: [64, 3], type: 'Q4_0', start, sizeBytes: 108 },
      { name: 'b.weight', dims: [256], type: 'Q6_K', start: start + 128, sizeBytes: 210 },
      { name: 'c.weight', dims: [5], type: 'F32', start: start + 352, sizeBytes: 20 },
    ]);
    const layout = layoutGguf(header, bytes.byteLength);
    expect(layout).toEqual({ headerBytes: start, sizeBytes: bytes.byteLength, tensors: header.tensors });
  });

  test('reads the same header from chunks of every size', () => {
    const bytes = small();
    const whole = parseGgufHeader(bytes);
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const parser = createGgufHeaderParser();
      for (let at = 0; at < bytes.byteLength; at += size) parser.push(bytes.subarray(at, at + size));
      expect(parser.finish()).toEqual(whole);
    }
  });

  test('names what is wrong', () => {
    const bytes = small();
    const code = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return 'accepted';
    };
    expect(code(() => parseGgufHeader(text('PK\u0003\u0004 and so on')))).toBe('not-gguf');
    expect(code(() => parseGgufHeader(patched(bytes, Uint8Array.of(3, 0, 0, 0), Uint8Array.of(2, 0, 0, 0))))).toBe(
      'gguf-version',
    );
    expect(code(() => parseGgufHeader(bytes.subarray(0, 100)))).toBe('gguf-truncated');
    expect(code(() => layoutGguf(parseGgufHeader(bytes), 40))).toBe('gguf-truncated');
    expect(code(() => layoutGguf(parseGgufHeader(bytes), bytes.byteLength - 32))).toBe('gguf-tensor-offset');
    expect(code(() => parseGgufHeader(patched(bytes, u64(3n), u64(2n ** 63n))))).toBe('gguf-limit');
    expect(code(() => parseGgufHeader(patched(bytes, text('b.weight'), text('a.weight'))))).toBe(
      'gguf-tensor-duplicate',
    );
    expect(code(() => parseGgufHeader(patched(bytes, u64(128n), u64(96n))))).toBe('gguf-tensor-offset');
    expect(code(() => parseGgufHeader(patched(bytes, u64(128n), u64(127n))))).toBe('gguf-tensor-offset');
    expect(code(() => parseGgufHeader(patched(bytes, u64(64n), u64(65n))))).toBe('gguf-tensor-shape');
    expect(code(() => parseGgufHeader(patched(bytes, u64(64n), u64(0n))))).toBe('gguf-tensor-shape');
    expect(code(() => parseGgufHeader(patched(bytes, u64(64n), u64(2n ** 48n))))).toBe('gguf-tensor-shape');
    const oddType = patched(bytes, Uint8Array.of(14, 0, 0, 0, 128), Uint8Array.of(99, 0, 0, 0, 128));
    expect(code(() => parseGgufHeader(oddType))).toBe('gguf-tensor-type');
    const badAlignment = writeGguf({ metadata: { 'general.alignment': 24 }, tensors: [] });
    expect(code(() => parseGgufHeader(badAlignment))).toBe('gguf-metadata');
    const nested = patched(bytes, Uint8Array.of(9, 0, 0, 0, 8, 0, 0, 0), Uint8Array.of(9, 0, 0, 0, 9, 0, 0, 0));
    expect(code(() => parseGgufHeader(nested))).toBe('gguf-metadata');
    expect(code(() => parseGgufHeader(bytes).metadata.requireNumber('general.architecture'))).toBe(
      'gguf-metadata-missing',
    );
  });

  const models = '../shared/models';
  test.skipIf(!existsSync(models))('reads every shared model (skipped without ../shared/models)', () => {
    const files = ['random', 'stories260K'].flatMap((folder) =>
      readdirSync(join(models, folder))
        .filter((name) => name.endsWith('.gguf'))
        .map((name) => join(models, folder, name)),
    );
    expect(files.length).toBeGreaterThan(9);
    for (const file of files) {
      const bytes = readFileSync(file);
      const { tensors } = layoutGguf(parseGgufHeader(bytes), bytes.byteLength);
      const last = tensors.at(-1);
      expect(bytes.byteLength - (last ? last.start + last.sizeBytes : 0)).toBeLessThan(32);
    }
  });
});
