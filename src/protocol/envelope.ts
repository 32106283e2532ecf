import { strictObject, type BaseIssue, type BaseSchema, type InferOutput } from 'valibot';
import { concatBytes, copyBytes, type Bytes } from '../base/bytes.ts';
import { decodeCanonical, encodeCanonical } from './canonical-cbor.ts';
import { ProtocolError } from './errors.ts';
import { byteString } from './schema.ts';
import { isSignatureValid, type Signer } from './signer.ts';

/**
 * The one wrapper of everything signed, after libp2p's signed envelope (RFC 0002 of libp2p): the signature covers a
 * domain string and the payload bytes as sent, so that a signature for one purpose is worthless for another.
 */
const envelope = strictObject({
  /** Ed25519 public key of the author. */
  key: byteString(32, 32),
  /** dag-cbor bytes of the body. */
  body: byteString(1, 64 * 1024 * 1024),
  /** Ed25519 signature over `domain`, a zero byte, and `body`. */
  sig: byteString(0, 64),
});

/** What purpose a signature serves; part of the signed bytes. */
export type SignatureDomain = 'starling/work/1' | 'starling/presence/1' | 'starling/manifest/1';

export interface Opened<T> {
  readonly author: Bytes;
  readonly body: T;
}

// Key, signature and the map around them.
const ENVELOPE_OVERHEAD_BYTES = 256;

function signedBytes(domain: SignatureDomain, body: Uint8Array): Bytes {
  return concatBytes([new TextEncoder().encode(domain), Uint8Array.of(0), body]);
}

/** Signs `body` for `domain` and returns the bytes to send. */
export function sealEnvelope(signer: Signer, domain: SignatureDomain, body: unknown): Bytes {
  const bytes = encodeCanonical(body);
  return encodeCanonical({ key: signer.publicKey, body: bytes, sig: signer.sign(signedBytes(domain, bytes)) });
}

/**
 * Checks size, form, signature and schema, in this order, and returns the author with the body.
 *
 * @param maxBytes limit of the body
 * @throws {ProtocolError} `too-large`, `malformed`, `unsigned` (no signature bytes) or `bad-signature` (also when signed
 *   for another domain)
 */
export function openEnvelope<S extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(
  domain: SignatureDomain,
  schema: S,
  bytes: Uint8Array,
  maxBytes: number,
): Opened<InferOutput<S>> {
  const { key, body, sig } = decodeCanonical(envelope, bytes, maxBytes + ENVELOPE_OVERHEAD_BYTES);
  if (sig.byteLength === 0) throw new ProtocolError('unsigned', 'protocol: message without a signature', {});
  if (!isSignatureValid(sig, signedBytes(domain, body), key)) {
    throw new ProtocolError('bad-signature', `protocol: signature does not match for ${domain}`, {});
  }
  return { author: copyBytes(key), body: decodeCanonical(schema, body, maxBytes) };
}
