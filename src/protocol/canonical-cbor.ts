import { decode, encode } from '@ipld/dag-cbor';
import { parse, type BaseIssue, type BaseSchema, type InferOutput } from 'valibot';
import { copyBytes, equalBytes, type Bytes } from '../base/bytes.ts';
import { ProtocolError } from './errors.ts';

type Schema = BaseSchema<unknown, unknown, BaseIssue<unknown>>;

/** dag-cbor bytes of `value`: one byte string a value, whatever the order of its keys (RFC 8949, section 4.2). */
export function encodeCanonical(value: unknown): Bytes {
  return copyBytes(encode(value));
}

/**
 * Decodes bytes from outside and checks them against `schema`.
 *
 * The bytes must be exactly the ones that we would write: the decoder alone accepts unsorted keys, which would give one
 * message two ids.
 *
 * @throws {ProtocolError} `too-large` before anything is decoded, `malformed` otherwise
 */
export function decodeCanonical<S extends Schema>(schema: S, bytes: Uint8Array, maxBytes: number): InferOutput<S> {
  if (bytes.byteLength > maxBytes) {
    throw new ProtocolError('too-large', `protocol: message of ${bytes.byteLength} bytes, limit ${maxBytes}`, {
      bytes: bytes.byteLength,
    });
  }
  try {
    const value: unknown = decode(bytes);
    if (!equalBytes(encode(value), bytes)) throw new Error('not in canonical form');
    return parse(schema, value);
  } catch (cause) {
    const issue = (cause as { issues?: { path?: { key?: unknown }[] }[] }).issues?.[0];
    const path = issue?.path?.map((step) => String(step.key).slice(0, 64)).join('.') ?? '';
    throw new ProtocolError(
      'malformed',
      `protocol: malformed message${path ? ` at ${path}` : ''}`,
      { path },
      { cause },
    );
  }
}
