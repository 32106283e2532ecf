import { WeightsError } from '../errors.ts';

export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** A metadata value; 64-bit integers are bigints, arrays are typed arrays or lists of strings, booleans in arrays u8. */
export type GgufValue = string | number | bigint | boolean | readonly string[] | GgufNumbers;

/** The typed key-value section of a GGUF file. */
export class GgufMetadata {
  readonly entries: ReadonlyMap<string, GgufValue>;

  constructor(entries: ReadonlyMap<string, GgufValue>) {
    this.entries = entries;
  }

  /** The text under `key`, or undefined if it is absent or something else. */
  text(key: string): string | undefined {
    const value = this.entries.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  /** The number under `key`, of whatever width; undefined if it is absent, no number or a bigint beyond 2^53. */
  number(key: string): number | undefined {
    const value = this.entries.get(key);
    if (typeof value === 'number') return value;
    if (typeof value !== 'bigint') return undefined;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }

  flag(key: string): boolean | undefined {
    const value = this.entries.get(key);
    return typeof value === 'boolean' ? value : undefined;
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.entries.get(key);
    return Array.isArray(value) ? (value as readonly string[]) : undefined;
  }

  numbers(key: string): ArrayLike<number> | undefined {
    const value = this.entries.get(key);
    if (!ArrayBuffer.isView(value)) return undefined;
    if (value instanceof BigUint64Array || value instanceof BigInt64Array) return Array.from(value, Number);
    return value;
  }

  /** @throws {WeightsError} `gguf-metadata-missing` */
  requireText(key: string): string {
    return this.text(key) ?? missing(key, 'text');
  }

  /** @throws {WeightsError} `gguf-metadata-missing` */
  requireNumber(key: string): number {
    return this.number(key) ?? missing(key, 'a number');
  }

  /** @throws {WeightsError} `gguf-metadata-missing` */
  requireTexts(key: string): readonly string[] {
    return this.texts(key) ?? missing(key, 'a list of texts');
  }
}

function missing(key: string, kind: string): never {
  throw new WeightsError('gguf-metadata-missing', `gguf metadata ${key} must be ${kind}; convert the model again`, {
    name: key,
  });
}
