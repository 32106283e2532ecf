import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Hex } from '../../base/sha256.ts';
import { createSigner } from '../../protocol/index.ts';
import { randomGguf } from '../../../e2e/gguf-writer.ts';
import { createMemoryPieceStore } from '../memory-piece-store.ts';
import { listPieces, piecesWithin } from '../model-pieces.ts';
import { buildModel } from './build-model.ts';
import { fetchHeaderPieces } from './fetch-header.ts';
import { fetchRange } from './fetch-range.ts';

const file = randomGguf({ sizeBytes: 1 << 20, seed: 5, layers: 2 });
const seen: Record<string, string | string[] | undefined>[] = [];
let origin: string;
let close: () => void;

/** How the server at /<name> treats a range of the file. */
const behaviours: Record<string, (response: ServerResponse, from: number, to: number) => void> = {
  good: (response, from, to) => response.writeHead(206).end(file.subarray(from, to)),
  whole: (response) => response.writeHead(200).end(file),
  missing: (response) => response.writeHead(404).end(),
  long: (response, from, to) => response.writeHead(206).end(file.subarray(from, to + 1)),
  short: (response, from, to) => response.writeHead(206).end(file.subarray(from, to - 1)),
  wrong: (response, from, to) => response.writeHead(206).end(file.slice(from, to).fill(1)),
};

beforeAll(async () => {
  const server = createServer((request, response) => {
    seen.push(request.headers);
    const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    behaviours[(request.url ?? '').slice(1)]?.(response, Number(from), Number(to) + 1);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterAll(() => close());

const { signal } = new AbortController();

test('a range is fetched exactly, and no header makes a browser ask for leave first', async () => {
  expect(await fetchRange(`${origin}/good`, 10, 500, { signal })).toEqual(file.slice(10, 500));
  expect(seen.at(-1)?.['range']).toBe('bytes=10-499');
  expect(seen.at(-1)?.['user-agent']).not.toContain('WebTorrent');
});

test.each(['whole', 'missing', 'long', 'short'])('a server that answers %s is refused by name', async (name) => {
  await expect(fetchRange(`${origin}/${name}`, 10, 500, { signal })).rejects.toMatchObject({ code: 'transfer-failed' });
});

test('a server that is not there is refused by name, an abort is an abort', async () => {
  await expect(fetchRange('http://127.0.0.1:1/x', 0, 1, { signal })).rejects.toMatchObject({ code: 'transfer-failed' });
  const aborted = AbortSignal.abort();
  await expect(fetchRange(`${origin}/good`, 0, 1, { signal: aborted })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a header is fetched alone, past servers that lie, and what is held is not fetched again', async () => {
  const source = { name: 'a.gguf', sizeBytes: file.byteLength, read: async (s: number, e: number) => file.slice(s, e) };
  const { manifest } = await buildModel(source, { signer: createSigner(new Uint8Array(32).fill(1)) });
  const store = createMemoryPieceStore();
  const urls = ['missing', 'wrong', 'whole'].map((name) => `${origin}/${name}`);
  expect(await fetchHeaderPieces(manifest, urls, store, { signal })).toBe(false);
  expect((await store.list()).size).toBe(0);
  expect(await fetchHeaderPieces(manifest, [...urls, `${origin}/good`], store, { signal })).toBe(true);
  const header = piecesWithin(listPieces(manifest), 0, manifest.headerBytes);
  expect([...(await store.list()).keys()]).toEqual(header.map(({ hash }) => hash));
  expect(await sha256Hex(await store.read(header[0]?.hash ?? (await sha256Hex(file))))).toBe(header[0]?.hash);
  const before = seen.length;
  expect(await fetchHeaderPieces(manifest, [`${origin}/good`], store, { signal })).toBe(true);
  expect(seen.length).toBe(before);
});
