import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { ReadableFile } from '../weights/node-index.ts';
import { RelayError } from './errors.ts';

/** Size and time of a file, by which a restart knows that it is still the same. */
export interface FileStamp {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** @throws {RelayError} `no-such-file` */
export async function stampFile(path: string): Promise<FileStamp> {
  const absolute = resolve(path);
  const info = await stat(absolute).catch((error: unknown) => {
    throw new RelayError('no-such-file', `no file ${absolute}; pass the path of a GGUF file`, error);
  });
  if (!info.isFile()) throw new RelayError('no-such-file', `${absolute} is not a file; pass the path of a GGUF file`);
  return { path: absolute, sizeBytes: info.size, mtimeMs: Math.floor(info.mtimeMs) };
}

/** Opens a file for reading at any place; `close` it. */
export async function openGgufFile(stamp: FileStamp): Promise<ReadableFile & { close(): Promise<void> }> {
  const handle = await open(stamp.path, 'r').catch((error: unknown) => {
    throw new RelayError('no-such-file', `${stamp.path} cannot be read; check its permissions`, error);
  });
  return {
    name: basename(stamp.path),
    sizeBytes: stamp.sizeBytes,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.byteLength) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.byteLength - filled, start + filled);
        if (bytesRead === 0) throw new RelayError('no-such-file', `${stamp.path} changed while it was read; try again`);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
