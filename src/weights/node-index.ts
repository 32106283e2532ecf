/**
 * Publishing models: from a GGUF file to its signed manifest and its torrent, in one pass.
 *
 * @module weights (Node)
 */
export { buildModel, type BuildInit, type BuiltModel, type ReadableFile } from './torrent/build-model.ts';
export { openTorrentFile } from './torrent/torrent-file.ts';
