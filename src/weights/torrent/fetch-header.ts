import { isAbort } from '../../base/app-error.ts';
import type { Manifest } from '../../protocol/index.ts';
import { listPieces, piecesWithin } from '../model-pieces.ts';
import type { PieceStore } from '../piece-store.ts';
import { fetchRange, type FetchRange } from './fetch-range.ts';

/**
 * Fetches the pieces that hold a model's header by HTTP ranges into the store, which checks their SHA-256. A web seed
 * that fails or lies is left for the next one.
 *
 * @returns false if no web seed could give all of them
 */
export async function fetchHeaderPieces(
  manifest: Manifest,
  webSeeds: readonly string[],
  store: PieceStore,
  init: { readonly signal: AbortSignal; readonly fetch?: FetchRange },
): Promise<boolean> {
  const wanted = piecesWithin(listPieces(manifest), 0, manifest.headerBytes);
  for (const url of webSeeds) {
    const held = await store.has(wanted.map(({ hash }) => hash));
    try {
      for (const { hash, start, end } of wanted) {
        if (!held.has(hash)) await store.put(hash, await fetchRange(url, start, end, init));
      }
      return true;
    } catch (error) {
      if (isAbort(error) || init.signal.aborted || isStorageFault(error)) throw error;
    }
  }
  const held = await store.has(wanted.map(({ hash }) => hash));
  return wanted.every(({ hash }) => held.has(hash));
}

function isStorageFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'quota-exceeded' || code === 'store-failed';
}
