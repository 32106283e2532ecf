import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, copyBytes } from '../base/bytes.ts';
import type { ModelRoot } from '../base/branded.ts';
import { createRandom, type Random } from '../base/random.ts';
import {
  createSigner,
  decodeCanonical,
  encodeCanonical,
  manifest as manifestSchema,
  MAX_MANIFEST_BYTES,
  MAX_PIECE_BYTES,
  ProtocolError,
  sealEnvelope,
  type Manifest,
} from '../protocol/index.ts';
import { WeightsError } from './errors.ts';
import { merkleRoot } from './merkle.ts';
import { checkManifest, openManifest, sealManifest } from './signed-manifest.ts';

const signer = createSigner(new Uint8Array(32).fill(3));
const hashes = concatBytes(Array.from({ length: 5 }, (_, i) => new Uint8Array(32).fill(i)));
const good: Manifest = {
  t: 'weights/manifest',
  v: 1,
  root: merkleRoot(hashes),
  name: 'a.gguf',
  sizeBytes: 4 * 1000 + 10,
  headerBytes: 1000,
  hashes,
  sizes: [1000, 1000, 1000, 1000, 10],
  infoHash: new Uint8Array(20),
  architecture: 'llama',
  quantisation: 'Q8_0',
  parameters: 5,
  contextTokens: 2048,
};

test('a good manifest opens to what was sealed, with its author', () => {
  const opened = openManifest(sealManifest(signer, good), { root: good.root, author: signer.publicKey });
  expect(opened).toEqual({ manifest: good, author: signer.publicKey });
});

const lies: [string, Partial<Manifest>][] = [
  ['a root that is not its pieces’', { root: 'a'.repeat(64) as ModelRoot }],
  ['a size that is not the sum', { sizeBytes: 4011 }],
  ['fewer sizes than hashes', { sizes: [1000, 1000, 1000, 1010] }],
  ['a header that ends inside a piece', { headerBytes: 1001 }],
  ['a header beyond the file', { headerBytes: 5000 }],
  ['a name with a folder', { name: '../a.gguf' }],
  ['a hidden name', { name: '.a' }],
  ['a name with a line break', { name: 'a\nb' }],
];
test.each(lies)('%s is refused as manifest-invalid although the signature is good', (_, lie) => {
  const bytes = sealManifest(signer, { ...good, ...lie });
  expect(() => openManifest(bytes)).toThrow(
    expect.objectContaining({ name: 'WeightsError', code: 'manifest-invalid' }),
  );
});

test('a piece over 4 MiB, an unknown key, another purpose, a foreign key and a foreign root are refused', () => {
  const tooBig = { ...good, sizes: [1000, 1000, 1000, 1000, MAX_PIECE_BYTES + 1] };
  expect(() => openManifest(sealManifest(signer, tooBig))).toThrow(expect.objectContaining({ code: 'malformed' }));
  const extra = { ...good, extra: 1 };
  expect(() => openManifest(sealManifest(signer, extra))).toThrow(expect.objectContaining({ code: 'malformed' }));
  const asWork = sealEnvelope(signer, 'starling/work/1', good);
  expect(() => openManifest(asWork)).toThrow(expect.objectContaining({ code: 'bad-signature' }));
  const author = new Uint8Array(32);
  expect(() => openManifest(sealManifest(signer, good), { author })).toThrow(/somebody else/);
  const root = 'b'.repeat(64) as ModelRoot;
  expect(() => openManifest(sealManifest(signer, good), { root })).toThrow(/asked for b+/);
});

/** False unless whatever went wrong has a name of ours. */
function failsByName(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof ProtocolError || error instanceof WeightsError;
  }
}

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const mutant = copyBytes(bytes);
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    mutant[random.below(mutant.byteLength)] = random.below(256);
  }
  return random.below(4) === 0 ? mutant.subarray(0, random.below(mutant.byteLength)) : mutant;
}

test('100,000 mutations of a manifest’s body raise only named errors', () => {
  // Past the signature, which a publisher who lies can make: verifying it 100,000 times would only take a minute.
  const body = encodeCanonical(good);
  const random = createRandom(2026);
  for (let run = 0; run < 100_000; run++) {
    const mutant = mutate(body, random);
    if (!failsByName(() => checkManifest(decodeCanonical(manifestSchema, mutant, MAX_MANIFEST_BYTES)))) {
      throw new Error(`an unnamed error for ${Array.from(mutant).join()}`);
    }
  }
});

test('3,000 mutations of the signed bytes and 2,000 random documents raise only named errors', () => {
  const bytes = sealManifest(signer, good);
  const random = createRandom(2027);
  for (let run = 0; run < 3000; run++) {
    const mutant = mutate(bytes, random);
    if (!failsByName(() => openManifest(mutant))) throw new Error(`an unnamed error for ${Array.from(mutant).join()}`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => failsByName(() => openManifest(noise))),
    { numRuns: 2000 },
  );
});

test('any value in any field, well signed, raises only named errors', () => {
  const fields = Object.keys(good) as (keyof Manifest)[];
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.uint8Array(),
    fc.constant(null),
    fc.array(fc.nat()),
  );
  fc.assert(
    fc.property(fc.constantFrom(...fields), value, (field, lie) => {
      fc.pre(!(typeof lie === 'number' && !Number.isFinite(lie))); // dag-cbor cannot even send these
      const bytes = sealEnvelope(signer, 'starling/manifest/1', { ...good, [field]: lie });
      return failsByName(() => openManifest(bytes));
    }),
    { numRuns: 500 },
  );
});
