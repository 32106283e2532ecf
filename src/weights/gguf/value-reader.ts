import { WeightsError } from '../errors.ts';
import type { ByteQueue } from './byte-queue.ts';
import {
  MAX_ARRAY_ELEMENTS_TOTAL,
  MAX_HEADER_BYTES,
  MAX_NAME_BYTES,
  MAX_STRING_BYTES,
  MAX_STRING_BYTES_TOTAL,
} from './limits.ts';
import type { GgufNumbers, GgufValue } from './metadata.ts';

/** A read that pauses (yields) until enough bytes were pushed. */
export type Reading<T> = Generator<void, T, void>;

const STRING = 8;
const ARRAY = 9;
const BOOL = 7;

interface NumberType {
  readonly bytes: number;
  readonly list: (buffer: ArrayBuffer) => GgufNumbers;
}

/** `gguf_metadata_value_type`: number in the file → how its values are read. Little-endian hosts only, as all browsers. */
const NUMBER_TYPES: ReadonlyMap<number, NumberType> = new Map([
  [0, { bytes: 1, list: (b) => new Uint8Array(b) }],
  [1, { bytes: 1, list: (b) => new Int8Array(b) }],
  [2, { bytes: 2, list: (b) => new Uint16Array(b) }],
  [3, { bytes: 2, list: (b) => new Int16Array(b) }],
  [4, { bytes: 4, list: (b) => new Uint32Array(b) }],
  [5, { bytes: 4, list: (b) => new Int32Array(b) }],
  [6, { bytes: 4, list: (b) => new Float32Array(b) }],
  [BOOL, { bytes: 1, list: (b) => new Uint8Array(b) }],
  [10, { bytes: 8, list: (b) => new BigUint64Array(b) }],
  [11, { bytes: 8, list: (b) => new BigInt64Array(b) }],
  [12, { bytes: 8, list: (b) => new Float64Array(b) }],
]);

/** Reads the items of a GGUF header from a queue, counting against the limits. */
export class ValueReader {
  readonly #queue: ByteQueue;
  #stringBytes = 0;
  #elements = 0;

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  *wait(count: number): Reading<void> {
    if (this.#queue.consumed + count > MAX_HEADER_BYTES)
      refuse('header bytes', this.#queue.consumed + count, MAX_HEADER_BYTES);
    while (this.#queue.available < count) yield;
  }

  *u32(): Reading<number> {
    if (this.#queue.available < 4) yield* this.wait(4);
    return this.#queue.u32();
  }

  /** @throws {WeightsError} `gguf-limit` over `limit` */
  *count(what: string, limit: number): Reading<number> {
    if (this.#queue.available < 8) yield* this.wait(8);
    const value = this.#queue.u64();
    if (value > BigInt(limit)) refuse(what, Number(value), limit);
    return Number(value);
  }

  *text(limit = MAX_STRING_BYTES): Reading<string> {
    const bytes = yield* this.count('bytes of a text', limit);
    this.#stringBytes += bytes;
    if (this.#stringBytes > MAX_STRING_BYTES_TOTAL) refuse('bytes of text', this.#stringBytes, MAX_STRING_BYTES_TOTAL);
    if (this.#queue.available < bytes) yield* this.wait(bytes);
    return this.#queue.text(bytes);
  }

  *name(): Reading<string> {
    return yield* this.text(MAX_NAME_BYTES);
  }

  /** A value of the type that precedes it. @throws {WeightsError} `gguf-metadata` for an unknown type */
  *value(key: string): Reading<GgufValue> {
    const type = yield* this.u32();
    if (type === STRING) return yield* this.text();
    if (type === ARRAY) return yield* this.#array(key);
    const [value] = yield* this.#numbers(key, type, 1);
    if (type !== BOOL) return value ?? 0;
    if (value !== 0 && value !== 1)
      throw new WeightsError('gguf-metadata', `gguf metadata ${key} is no boolean: ${value}`, { name: key });
    return value === 1;
  }

  *#array(key: string): Reading<GgufValue> {
    const type = yield* this.u32();
    if (type === ARRAY)
      throw new WeightsError('gguf-metadata', `gguf metadata ${key} nests arrays, depth 1 allowed`, { name: key });
    const count = yield* this.count('elements of an array', MAX_ARRAY_ELEMENTS_TOTAL);
    this.#elements += count;
    if (this.#elements > MAX_ARRAY_ELEMENTS_TOTAL) refuse('array elements', this.#elements, MAX_ARRAY_ELEMENTS_TOTAL);
    if (type !== STRING) return yield* this.#numbers(key, type, count);
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(yield* this.text());
    return texts;
  }

  *#numbers(key: string, type: number, count: number): Reading<GgufNumbers> {
    const info = NUMBER_TYPES.get(type);
    if (!info)
      throw new WeightsError('gguf-metadata', `gguf metadata ${key} has unknown type ${type}`, {
        name: key,
        value: type,
      });
    yield* this.wait(count * info.bytes);
    return info.list(this.#queue.take(count * info.bytes).buffer);
  }
}

function refuse(what: string, value: number, limit: number): never {
  throw new WeightsError('gguf-limit', `gguf ${what}: ${value}, at most ${limit} allowed`, { value, limit });
}
