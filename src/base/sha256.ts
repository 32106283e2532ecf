import { bytesToHex, type Bytes } from './bytes.ts';
import type { PieceHash } from './branded.ts';

/** SHA-256 (FIPS 180-4) by WebCrypto, which runs off the calling thread. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The content address of `bytes`. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<PieceHash> {
  return bytesToHex(await sha256(bytes)) as PieceHash;
}
