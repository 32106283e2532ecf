import { open, type FileHandle } from 'node:fs/promises';
import type { Logger } from '../base/logger.ts';
import { parseByteRange } from './byte-range.ts';
import { describeError } from './errors.ts';
import { isSameStamp, stampOfOpen } from './model-file.ts';
import type { PublishedModel } from './publish-model.ts';

export interface WebSeedInit {
  readonly logger: Logger;
  readonly onBytes: (count: number) => void;
  /** Answers that may be under way at once; the next gets 503 and comes back. */
  readonly maxTransfers?: number;
}

export interface WebSeed {
  /**
   * Answers GET or HEAD for the file of `model`.
   *
   * @param breakOff closes the connection under a half-sent answer
   */
  answer(request: Request, model: PublishedModel, breakOff: () => void): Promise<Response>;
  transfers(): number;
}

/** Bytes read from the disk at a time; with what the socket buffers, about 0.5 MiB of memory a transfer. */
const READ_BYTES = 256 * 1024;
const MAX_TRANSFERS = 256;

/** The floor under the torrent (BEP 19): the file itself over HTTP, in ranges, straight from the disk. */
export function createWebSeed(init: WebSeedInit): WebSeed {
  const { maxTransfers = MAX_TRANSFERS } = init;
  let transfers = 0;
  return {
    transfers: () => transfers,
    async answer(request, model, breakOff) {
      const { sizeBytes } = model.manifest;
      const etag = `"${model.manifest.root}"`;
      const headers = new Headers({
        'accept-ranges': 'bytes',
        'cache-control': 'public, max-age=31536000, immutable, no-transform',
        'content-type': 'application/octet-stream',
        etag,
      });
      if (isListed(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers });
      const condition = request.headers.get('if-range');
      const isCurrent = condition === null || condition.trim() === etag;
      const range = isCurrent ? parseByteRange(request.headers.get('range'), sizeBytes) : undefined;
      if (range === 'unsatisfiable') {
        headers.set('content-range', `bytes */${sizeBytes}`);
        return new Response(null, { status: 416, headers });
      }
      const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
      const status = range ? 206 : 200;
      headers.set('content-length', String(end - start + 1));
      if (range) headers.set('content-range', `bytes ${start}-${end}/${sizeBytes}`);
      if (request.method === 'HEAD') return new Response(null, { status, headers });
      if (transfers >= maxTransfers) return new Response(null, { status: 503, headers: { 'retry-after': '2' } });
      transfers += 1;
      const free = () => {
        transfers -= 1;
      };
      let file: FileHandle;
      try {
        file = await open(model.path);
      } catch (error) {
        free();
        init.logger.warn(`${model.manifest.name} cannot be read: ${describeError(error)}`);
        return new Response(null, { status: 503 });
      }
      return new Response(streamFile(file, model, start, end + 1, { ...init, onEnd: free, breakOff }), {
        status,
        headers,
      });
    },
  };
}

function streamFile(
  file: FileHandle,
  model: PublishedModel,
  start: number,
  end: number,
  { logger, onBytes, onEnd, breakOff }: WebSeedInit & { readonly onEnd: () => void; readonly breakOff: () => void },
): ReadableStream<Uint8Array> {
  let at = start;
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    onEnd();
    await file.close();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const bytes = new Uint8Array(Math.min(READ_BYTES, end - at));
          const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, at);
          // Looked at after the read: bytes of a file that has changed are not sent, the connection breaks off instead.
          if (bytesRead === 0 || !isSameStamp(await stampOfOpen(file), model)) {
            throw new Error(`${model.manifest.name} changed while it was served`);
          }
          at += bytesRead;
          onBytes(bytesRead);
          controller.enqueue(bytes.subarray(0, bytesRead));
          if (at < end) return;
          await close();
          controller.close();
        } catch (error) {
          if (isOpen) logger.warn(describeError(error));
          await close();
          // Not `controller.error`: the server would print the stack. Fewer bytes than announced tell the reader.
          breakOff();
          controller.close();
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}

function isListed(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header.split(',').some((entry) => entry.trim() === '*' || entry.trim().replace(/^W\//, '') === etag);
}
