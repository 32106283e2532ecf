import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesToHex, hexToBytes, type Bytes } from '../base/bytes.ts';
import { isSha256Hex } from '../base/branded.ts';
import { RelayError } from './errors.ts';

/**
 * The operator's 32-byte Ed25519 seed: read from `operator.key` in the data folder, or made there once, readable by its
 * owner only. Whoever has it can publish models and be the relay in this operator's name.
 *
 * @throws {RelayError} `data-unusable`
 */
export async function loadOperatorKey(dataDir: string): Promise<Bytes> {
  const path = join(dataDir, 'operator.key');
  try {
    await mkdir(dataDir, { recursive: true });
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== undefined) return readSeed(text.trim(), path);
    const seed = new Uint8Array(randomBytes(32));
    // `wx`: two processes that start at once must not both believe that their key is the one.
    await writeFile(path, `${bytesToHex(seed)}\n`, { mode: 0o600, flag: 'wx' });
    await chmod(path, 0o600);
    return seed;
  } catch (error) {
    if (error instanceof RelayError) throw error;
    throw new RelayError('data-unusable', `${dataDir} cannot be used; pass a folder you can write with --data`, error);
  }
}

function readSeed(text: string, path: string): Bytes {
  if (!isSha256Hex(text)) {
    throw new RelayError('data-unusable', `${path} holds no key; move it away to make a new one, or restore it`);
  }
  return hexToBytes(text);
}
