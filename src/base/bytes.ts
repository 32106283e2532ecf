import { invariant } from './invariant.ts';

/** Bytes over a plain (never shared) buffer: what WebCrypto, IndexedDB and WebGPU accept. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A copy whose buffer holds exactly these bytes. */
export function copyBytes(source: Uint8Array): Bytes {
  return new Uint8Array(source);
}

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.byteLength;
  }
  return out;
}

/** Plain comparison, for public values only: it is not constant-time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}

export function bytesToHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** @throws {InvariantError} if `text` is not an even count of hex digits; check untrusted text first */
export function hexToBytes(text: string): Bytes {
  invariant(/^(?:[0-9a-f]{2})*$/i.test(text), 'hex text expected');
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Token ids as little-endian u32, the form in which they travel: checking one byte string costs nothing. */
export function tokensToBytes(tokens: ArrayLike<number>): Bytes {
  const out = new Uint8Array(tokens.length * 4);
  const view = new DataView(out.buffer);
  for (let i = 0; i < tokens.length; i++) view.setUint32(4 * i, tokens[i] ?? 0, true);
  return out;
}

/** @throws {InvariantError} if the length is not a multiple of 4; message schemas refuse those first */
export function bytesToTokens(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  invariant(bytes.byteLength % 4 === 0, 'token bytes are u32 each');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true));
}
