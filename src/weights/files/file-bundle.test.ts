import { expect, test } from 'vitest';
import fc from 'fast-check';
import { concatBytes, copyBytes } from '../../base/bytes.ts';
import { createRandom } from '../../base/random.ts';
import { sha256Hex } from '../../base/sha256.ts';
import { hexToBytes } from '../../base/bytes.ts';
import { WeightsError } from '../errors.ts';
import { createMemoryPieceStore } from '../memory-piece-store.ts';
import { bundleHeader, isBundle, parseBundle } from './file-bundle.ts';
import { openModelFiles } from './model-files.ts';

const FILES = [
  { name: 'config.json', text: '{"a":1}' },
  { name: 'onnx/model.onnx', text: 'weights'.repeat(100) },
  { name: 'empty.txt', text: '' },
];

function bundleOf(files: readonly { name: string; text: string }[]) {
  const contents = files.map(({ text }) => new TextEncoder().encode(text));
  const header = bundleHeader(files.map(({ name }, i) => ({ name, sizeBytes: contents[i]?.byteLength ?? 0 })));
  return { header, bytes: concatBytes([header, ...contents]) };
}

async function stored(bytes: Uint8Array, headerBytes: number, pieceBytes: number) {
  const store = createMemoryPieceStore();
  const hashes: Uint8Array[] = [];
  const sizes: number[] = [];
  const cuts = [0, headerBytes];
  for (let at = headerBytes + pieceBytes; at < bytes.byteLength; at += pieceBytes) cuts.push(at);
  for (const [i, start] of cuts.entries()) {
    const piece = copyBytes(bytes.subarray(start, cuts[i + 1] ?? bytes.byteLength));
    if (piece.byteLength === 0) continue;
    const hash = await sha256Hex(piece);
    await store.put(hash, piece);
    hashes.push(hexToBytes(hash));
    sizes.push(piece.byteLength);
  }
  const manifest = { name: 'm', sizeBytes: bytes.byteLength, headerBytes, hashes: concatBytes(hashes), sizes };
  return { store, manifest };
}

test('a folder comes back file by file, whatever its pieces', async () => {
  const { header, bytes } = bundleOf(FILES);
  expect(isBundle(bytes)).toBe(true);
  for (const pieceBytes of [1 << 20, 64, 7]) {
    const { store, manifest } = await stored(bytes, header.byteLength, pieceBytes);
    const files = await openModelFiles(manifest, store);
    expect(files.names).toEqual(FILES.map(({ name }) => name));
    for (const { name, text } of FILES) {
      expect(files.sizeOf(name)).toBe(text.length);
      expect(await (await files.read(name)).text()).toBe(text);
    }
  }
});

test('a GGUF is its own one file', async () => {
  const bytes = new TextEncoder().encode('GGUFand the rest');
  const { store, manifest } = await stored(bytes, 8, 3);
  const files = await openModelFiles({ ...manifest, name: 'a.gguf' }, store);
  expect(files.names).toEqual(['a.gguf']);
  expect(await (await files.read('a.gguf')).text()).toBe('GGUFand the rest');
});

test('a missing file, a missing piece and a wrong size are named', async () => {
  const { header, bytes } = bundleOf(FILES);
  const { store, manifest } = await stored(bytes, header.byteLength, 64);
  const files = await openModelFiles(manifest, store);
  await expect(files.read('model.safetensors')).rejects.toMatchObject({ code: 'file-missing' });
  await expect(openModelFiles({ ...manifest, sizeBytes: 1 }, store)).rejects.toMatchObject({ code: 'bundle-invalid' });
  const [, second] = [...(await store.list()).keys()];
  if (second) await store.delete([second]);
  await expect(files.read('onnx/model.onnx')).rejects.toMatchObject({ code: 'piece-missing' });
});

test.each(['../up', '/root', 'a//b', '.hidden', 'a/.b', 'C:\\x', '', 'a\u0000', 'x'.repeat(201)])(
  'the name %j does not travel',
  (name) => {
    expect(() => bundleHeader([{ name, sizeBytes: 1 }])).toThrow(WeightsError);
  },
);

test('names come once', () => {
  const twice = [
    { name: 'a', sizeBytes: 1 },
    { name: 'a', sizeBytes: 2 },
  ];
  expect(() => bundleHeader(twice)).toThrow(WeightsError);
});

test('damaged headers are refused by name, 20,000 times', () => {
  const { header } = bundleOf(FILES);
  const random = createRandom(7);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.boolean(), (changes, isCut) => {
      const damaged = copyBytes(header.subarray(0, isCut ? random.below(header.byteLength) : header.byteLength));
      for (let i = 0; i < changes; i++) damaged[random.below(damaged.byteLength + 1)] = random.below(256);
      try {
        const { files, headerBytes, sizeBytes } = parseBundle(damaged);
        expect(headerBytes).toBeLessThanOrEqual(damaged.byteLength);
        expect(files.at(-1)?.end).toBe(sizeBytes);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: 20_000 },
  );
});
