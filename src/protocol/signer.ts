import { ed25519 } from '@noble/curves/ed25519.js';
import { copyBytes, type Bytes } from '../base/bytes.ts';

/** Signs for one identity; the key itself stays with whoever made the signer. */
export interface Signer {
  /** Ed25519 public key, 32 bytes (RFC 8032). */
  readonly publicKey: Bytes;
  /** @returns the 64-byte signature */
  sign(bytes: Uint8Array): Bytes;
}

/** @param seed the 32-byte Ed25519 private seed, e.g. the first half of a libp2p Ed25519 private key */
export function createSigner(seed: Uint8Array): Signer {
  const secret = copyBytes(seed);
  return {
    publicKey: copyBytes(ed25519.getPublicKey(secret)),
    sign: (bytes) => copyBytes(ed25519.sign(bytes, secret)),
  };
}

/** True if `signature` is `publicKey`'s over `bytes`, by the strict rules of RFC 8032; never throws. */
export function isSignatureValid(signature: Uint8Array, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
