import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { answerRange } from './byte-range.ts';
import type { PublishedModel } from './model-shelf.ts';

/**
 * Answers a request for a model's file with ranges (RFC 9110), the floor under every download (BEP 19).
 *
 * @param onBytes payload bytes as they are handed to the connection
 */
export async function serveWeights(
  context: Context,
  model: PublishedModel,
  onBytes: (count: number) => void,
): Promise<Response> {
  const { sizeBytes } = model.manifest;
  const etag = `"${model.root}"`;
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    etag,
    // The address is the content: what is here under this root never changes.
    'cache-control': 'public, max-age=31536000, immutable, no-transform',
  };
  const answer = answerRange(context.req.header('range'), context.req.header('if-range'), { sizeBytes, etag });
  if (answer.status === 416)
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${sizeBytes}` } });
  const first = answer.status === 206 ? answer.first : 0;
  const last = answer.status === 206 ? answer.last : sizeBytes - 1;
  headers['content-length'] = String(last - first + 1);
  if (answer.status === 206) headers['content-range'] = `bytes ${first}-${last}/${sizeBytes}`;
  if (context.req.raw.method === 'HEAD') return new Response(null, { status: answer.status, headers });
  const body = await openRange(model, first, last, onBytes);
  return body
    ? new Response(body, { status: answer.status, headers })
    : new Response('the file is gone', { status: 410 });
}

/** Undefined if the file is not any more what was published. */
async function openRange(
  model: PublishedModel,
  first: number,
  last: number,
  onBytes: (count: number) => void,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const handle = await open(model.file.path, 'r').catch(() => undefined);
  if (!handle) return undefined;
  if ((await handle.stat()).size !== model.manifest.sizeBytes) {
    await handle.close();
    return undefined;
  }
  const stream = handle.createReadStream({ start: first, end: last, highWaterMark: 256 * 1024 });
  stream.on('data', (part) => onBytes(part.length));
  stream.pause();
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
