import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyBytes } from '../../base/bytes.ts';
import { halfBits } from '../../base/half.ts';
import { createRandom } from '../../base/random.ts';
import { WeightsError } from '../errors.ts';
import { readFloats } from './read-floats.ts';
import { parseSafetensorsHeader } from './safetensors.ts';
import { writeSafetensors, type SafetensorsWriteTensor } from './write-safetensors.ts';

const bytesOf = (values: ArrayBufferView) =>
  new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);

const VALUES = [0, 1, -2.5, 0.15625, 1024, -0.0078125];
const TENSORS: readonly SafetensorsWriteTensor[] = [
  { name: 'b', type: 'F16', shape: [3, 2], bytes: bytesOf(Uint16Array.from(VALUES, halfBits)) },
  { name: 'c', type: 'F32', shape: [2, 3], bytes: bytesOf(Float32Array.from(VALUES)) },
  { name: 'a', type: 'F32', shape: [], bytes: bytesOf(Float32Array.of(7)) },
  {
    name: 'd',
    type: 'BF16',
    shape: [6],
    bytes: bytesOf(Uint16Array.from(new Uint32Array(Float32Array.from(VALUES).buffer), (word) => word >>> 16)),
  },
  { name: 'empty', type: 'F64', shape: [0, 4], bytes: new Uint8Array() },
];

function fileOf(header: string, data = new Uint8Array(8)) {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.byteLength + data.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.byteLength);
  return bytes;
}

test('what is written is read, number by number', () => {
  const file = writeSafetensors(TENSORS, { format: 'pt' });
  const { tensors, metadata, sizeBytes, headerBytes } = parseSafetensorsHeader(file);
  expect(metadata).toEqual({ format: 'pt' });
  expect(sizeBytes).toBe(file.byteLength);
  expect(headerBytes % 8).toBe(0);
  expect(tensors.map(({ name }) => name)).toEqual(['empty', 'a', 'c', 'b', 'd']);
  for (const { name, shape } of TENSORS) {
    const tensor = tensors.find((found) => found.name === name);
    expect(tensor?.shape).toEqual(shape);
    const expected = name === 'a' ? [7] : name === 'empty' ? [] : VALUES;
    expect([...(tensor ? readFloats(file, tensor) : [])]).toEqual(expected);
  }
});

test('the header is byte for byte what the format’s own library writes', () => {
  const file = writeSafetensors([{ name: 'x', type: 'F32', shape: [1, 2], bytes: new Uint8Array(8) }]);
  const json = '{"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}} ';
  expect(new TextDecoder().decode(file.subarray(8, -8)).trimEnd()).toBe(json.trimEnd());
  expect(file[0]).toBe(56);
});

test.each([
  ['a gap', '{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'],
  [
    'an overlap',
    '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
  ],
  ['a wrong size', '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}'],
  ['an unknown type', '{"x":{"dtype":"F7","shape":[2],"data_offsets":[0,8]}}'],
  ['a negative shape', '{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}'],
  ['a huge shape', '{"x":{"dtype":"F32","shape":[9e15,9e15],"data_offsets":[0,8]}}'],
  ['metadata that is no text', '{"__metadata__":{"a":1}}'],
  ['a list', '[]'],
  ['no JSON', '{'],
])('%s is refused by name', (_, header) => {
  expect(() => parseSafetensorsHeader(fileOf(header))).toThrow(
    expect.objectContaining({ name: 'WeightsError', code: 'safetensors-invalid' }) as Error,
  );
});

test('a length beyond the limit is refused before anything is read', () => {
  const bytes = new Uint8Array(16).fill(0xff);
  expect(() => parseSafetensorsHeader(bytes)).toThrow(/limit/);
});

test('damaged files are refused by name or read within their bytes, 20,000 times', () => {
  const file = writeSafetensors(TENSORS, { format: 'pt' });
  const { headerBytes } = parseSafetensorsHeader(file);
  const random = createRandom(3);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.boolean(), (changes, isCut) => {
      const damaged = copyBytes(file.subarray(0, isCut ? random.below(file.byteLength) : file.byteLength));
      for (let i = 0; i < changes; i++) damaged[random.below(headerBytes)] = random.below(256);
      try {
        for (const tensor of parseSafetensorsHeader(damaged).tensors) readFloats(damaged, tensor);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: 20_000 },
  );
});
