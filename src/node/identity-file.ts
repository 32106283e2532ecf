import {
  integer,
  literal,
  maxLength,
  maxValue,
  minValue,
  number,
  object,
  pipe,
  regex,
  safeParse,
  string,
} from 'valibot';
import { AppError } from '../base/app-error.ts';
import { bytesToHex, hexToBytes, type Bytes } from '../base/bytes.ts';
import { exportIdentity, importIdentity, type Identity } from '../swarm/index.ts';

/**
 * - `weak-passphrase`: too short to guard a key; choose a longer one
 * - `not-an-identity`: the file is something else, or damaged
 * - `wrong-passphrase`: it does not open the file, or the file was changed
 */
export type IdentityErrorCode = 'weak-passphrase' | 'not-an-identity' | 'wrong-passphrase';

/** Thrown where a device's identity is written to a file or read from one. */
export class IdentityError extends AppError<IdentityErrorCode, { readonly limit?: number }> {
  override readonly name = 'IdentityError';
}

export const MIN_PASSPHRASE = 10;
/** A file of ours has about 400 bytes. */
const MAX_FILE_BYTES = 4_096;
/** OWASP, password storage: PBKDF2 with SHA-256. About half a second on a telephone. */
const ROUNDS = 600_000;
/** A file that asks for more would hold the page up for minutes. */
const MAX_ROUNDS = 5_000_000;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;

const hex = (bytes: number) => pipe(string(), regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)));
const FILE = object({
  format: literal('starling-identity'),
  version: literal(1),
  derivation: literal('PBKDF2-SHA-256'),
  rounds: pipe(number(), integer(), minValue(ROUNDS), maxValue(MAX_ROUNDS)),
  salt: hex(SALT_BYTES),
  cipher: literal('AES-256-GCM'),
  nonce: hex(NONCE_BYTES),
  sealed: pipe(string(), maxLength(1_024), regex(/^(?:[0-9a-f]{2})+$/)),
});

/**
 * The identity as a file that only its passphrase opens: JSON over AES-256-GCM (NIST SP 800-38D) under a key of PBKDF2
 * (RFC 8018). Salt and nonce are new each time.
 *
 * @throws {IdentityError} `weak-passphrase`
 */
export async function sealIdentity(identity: Identity, passphrase: string): Promise<string> {
  if (passphrase.length < MIN_PASSPHRASE) {
    const message = `identity: a passphrase of ${passphrase.length} letters, at least ${MIN_PASSPHRASE} needed; choose a longer one`;
    throw new IdentityError('weak-passphrase', message, { limit: MIN_PASSPHRASE });
  }
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await deriveKey(passphrase, salt, ROUNDS);
  const text = new TextEncoder().encode(exportIdentity(identity));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, text));
  const file = {
    format: 'starling-identity',
    version: 1,
    derivation: 'PBKDF2-SHA-256',
    rounds: ROUNDS,
    salt: bytesToHex(salt),
    cipher: 'AES-256-GCM',
    nonce: bytesToHex(nonce),
    sealed: bytesToHex(sealed),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** @throws {IdentityError} `not-an-identity` or `wrong-passphrase` */
export async function openIdentity(file: Blob, passphrase: string): Promise<Identity> {
  const parsed = safeParse(FILE, file.size <= MAX_FILE_BYTES ? parseJson(await file.text()) : undefined);
  if (!parsed.success) {
    throw new IdentityError(
      'not-an-identity',
      `identity: a file of ${file.size} bytes that is no exported identity; choose the one that was saved here`,
      {},
    );
  }
  const { rounds, salt, nonce, sealed } = parsed.output;
  const key = await deriveKey(passphrase, hexToBytes(salt), rounds);
  try {
    const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: hexToBytes(nonce) }, key, hexToBytes(sealed));
    return importIdentity(new TextDecoder().decode(text));
  } catch (cause) {
    const message = 'identity: this passphrase does not open the file, or the file was changed; try another';
    throw new IdentityError('wrong-passphrase', message, {}, { cause });
  }
}

async function deriveKey(passphrase: string, salt: Bytes, iterations: number): Promise<CryptoKey> {
  const secret = new TextEncoder().encode(passphrase.normalize('NFC'));
  const material = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
