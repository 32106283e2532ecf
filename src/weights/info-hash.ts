import { bytesToHex } from '../base/bytes.ts';
import type { Manifest } from '../protocol/index.ts';

/** The hex text under which stores, paths and trackers name a torrent. */
export function infoHashText(manifest: Pick<Manifest, 'infoHash'>): string {
  return bytesToHex(manifest.infoHash);
}
