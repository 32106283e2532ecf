import { check, custom, integer, maxValue, minValue, number, pipe } from 'valibot';
import { isSha256Hex, type AdapterRoot, type ModelRoot } from '../base/branded.ts';

/** A byte string of `min` to `max` bytes. */
export function byteString(min: number, max: number) {
  return pipe(
    custom<Uint8Array>((value) => value instanceof Uint8Array, 'byte string expected'),
    check((value) => value.byteLength >= min && value.byteLength <= max, `${min} to ${max} bytes expected`),
  );
}

/** An integer in [min, max]; dag-cbor gives bigint beyond 2^53, which this refuses. */
export function wholeNumber(min: number, max: number) {
  return pipe(number(), integer(), minValue(min), maxValue(max));
}

/** A finite number in [min, max]. */
export function realNumber(min: number, max: number) {
  return pipe(number(), minValue(min), maxValue(max));
}

export const modelRoot = custom<ModelRoot>((value) => typeof value === 'string' && isSha256Hex(value), 'SHA-256 hex');

export const adapterRoot = custom<AdapterRoot>(
  (value) => typeof value === 'string' && isSha256Hex(value),
  'SHA-256 hex',
);

/** Milliseconds since the Unix epoch, up to the year 2255. */
export const timestampMs = wholeNumber(0, 9e12);
