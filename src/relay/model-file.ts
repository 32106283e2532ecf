import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Bytes } from '../base/bytes.ts';
import type { ReadableFile } from '../weights/node-index.ts';
import { describeError, RelayError, systemCode } from './errors.ts';

/** What tells one state of a file from another without reading it. */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

export function isSameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

/** @throws {RelayError} `model-missing` */
export async function stampOf(path: string): Promise<FileStamp> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new RelayError('model-missing', `${path} is no file`, { place: path });
    return { sizeBytes: found.size, mtimeMs: found.mtimeMs };
  } catch (error) {
    throw asMissing(path, error);
  }
}

export async function stampOfOpen(file: FileHandle): Promise<FileStamp> {
  const { size, mtimeMs } = await file.stat();
  return { sizeBytes: size, mtimeMs };
}

/**
 * Opens a model for reading at any place.
 *
 * @throws {RelayError} `model-missing`; from `read`: `model-changed` if the file has become shorter
 */
export async function openModelFile(path: string): Promise<ReadableFile & { close(): Promise<void> }> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    throw asMissing(path, error);
  }
  const { sizeBytes } = await stampOfOpen(file);
  return {
    name: basename(path),
    sizeBytes,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let have = 0; have < bytes.byteLength;) {
        const { bytesRead } = await file.read(bytes, have, bytes.byteLength - have, start + have);
        if (bytesRead === 0) throw changed(path);
        have += bytesRead;
      }
      return bytes satisfies Bytes;
    },
    close: () => file.close(),
  };
}

/** Lower-case hex of the SHA-256 (FIPS 180-4) of a whole file. */
export async function hashFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

export function changed(path: string): RelayError {
  return new RelayError('model-changed', `${path} changed while it was read; wait until it is complete and try again`, {
    place: path,
  });
}

function asMissing(path: string, error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  const reason = systemCode(error) === 'ENOENT' ? 'does not exist' : `cannot be read (${describeError(error)})`;
  return new RelayError(
    'model-missing',
    `model ${path} ${reason}; pass a GGUF file with --model`,
    { place: path },
    { cause: error },
  );
}
