/**
 * Fetching models from other tabs, serving them on, and making what a tab itself publishes.
 *
 * `ModelTransfer` brings the pieces of a model that the `ModelLibrary` knows: from peers over WebRTC first, from the
 * operator's web seed as the floor. Every chunk passes its SHA-1 before it is kept and every content piece its SHA-256
 * before it is stored; a source that lies is banned by name, and a reload fetches nothing twice.
 *
 * @module weights (page)
 */
export { buildModel } from './torrent/build-model.ts';
export {
  ModelTransfer,
  type ModelSources,
  type TransferComponents,
  type TransferEvents,
  type TransferInit,
} from './torrent/model-transfer.ts';
export { openTorrentFile } from './torrent/torrent-file.ts';
export type { TransferProgress, TransferStage } from './torrent/transfer-progress.ts';
