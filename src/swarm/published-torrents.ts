import { bytesToHex } from '../base/bytes.ts';
import type { Advert } from './presence-check.ts';

/** Torrents of adapters that peers share of their own, as their adverts tell. */
export interface PublishedTorrents {
  take(advert: Pick<Advert, 'peer' | 'body'>): void;
  /** @param infoHash 40 hex digits */
  has(infoHash: string): boolean;
}

/** Peers whose torrents are remembered; those of the longest unheard are forgotten first. About 1 KB each. */
const MAX_PEERS = 2_048;

/** @param now milliseconds; lives are counted from when they were heard, so that clocks may differ */
export function createPublishedTorrents(now: () => number = Date.now): PublishedTorrents {
  const ofPeer = new Map<string, { readonly hashes: ReadonlySet<string>; readonly untilMs: number }>();
  return {
    take({ peer, body }) {
      ofPeer.delete(peer);
      const { published = [], atMs, expiresAtMs } = body;
      if (published.length === 0) return;
      const hashes = new Set(published.map(({ infoHash }) => bytesToHex(infoHash)));
      ofPeer.set(peer, { hashes, untilMs: now() + expiresAtMs - atMs });
      const [oldest] = ofPeer.keys();
      if (ofPeer.size > MAX_PEERS && oldest !== undefined) ofPeer.delete(oldest);
    },
    has(infoHash) {
      const nowMs = now();
      for (const [peer, { hashes, untilMs }] of ofPeer) {
        if (untilMs <= nowMs) ofPeer.delete(peer);
        else if (hashes.has(infoHash)) return true;
      }
      return false;
    },
  };
}
