/**
 * Model weights: GGUF headers, signed manifests, the content store and the library of models on this device.
 *
 * A GGUF is cut at tensor boundaries into pieces of at most 4 MiB; the Merkle root over their SHA-256 is the model's id.
 * `openManifest` believes nothing of a manifest that it can recompute; `PieceStore.read` hashes every piece again, so
 * that no unverified byte leaves the store; `ModelLibrary` knows what is here, what it takes, and what may go.
 *
 * Everything here runs in a page, in a worker and in Node. Fetching models from other tabs is in `page-index.ts`,
 * publishing them in `node-index.ts`.
 *
 * @module weights
 */
export { openCheckpoint, type Checkpoint } from './checkpoint/open-checkpoint.ts';
export { WeightsError, type WeightsErrorCode, type WeightsErrorDetails } from './errors.ts';
export { bundleHeader, isBundle, parseBundle, type BundleIndex } from './files/file-bundle.ts';
export { openModelFiles, type ModelFiles } from './files/model-files.ts';
export { adapterMetadata, isAdapter, readAdapterFacts } from './gguf/adapter-metadata.ts';
export {
  createGgufHeaderParser,
  parseGgufHeader,
  type GgufHeader,
  type GgufHeaderParser,
  type GgufTensor,
} from './gguf/header.ts';
export { layoutGguf, type GgufLayout } from './gguf/layout.ts';
export { GgufMetadata, type GgufNumbers, type GgufValue } from './gguf/metadata.ts';
export { TENSOR_TYPES, tensorBytes, tensorTypeById, type TensorType, type TensorTypeInfo } from './gguf/tensor-type.ts';
export { writeGguf, type GgufParts, type GgufWritable, type GgufWriteTensor } from './gguf/write-gguf.ts';
export { createIdbPartialStore } from './idb-partial-store.ts';
export { createIdbPieceStore } from './idb-piece-store.ts';
export { openIdbStore } from './idb-store.ts';
export { infoHashText } from './info-hash.ts';
export { createMemoryPieceStore } from './memory-piece-store.ts';
export {
  ModelLibrary,
  type KnownModel,
  type LibraryComponents,
  type LibraryEvents,
  type ShelvedModel,
} from './model-library.ts';
export { listPieces, type ModelPiece } from './model-pieces.ts';
export {
  createIdbModelRecords,
  createMemoryModelRecords,
  type ModelRecord,
  type ModelRecords,
} from './model-records.ts';
export { createMemoryPartialStore, type PartialStore } from './partial-store.ts';
export type { StorageQuota } from './piece-room.ts';
export type { PieceStore } from './piece-store.ts';
export { rebuildFile } from './rebuild-file.ts';
export { readFloats } from './safetensors/read-floats.ts';
export { parseSafetensorsHeader, type SafetensorsHeader, type SafetensorsTensor } from './safetensors/safetensors.ts';
export { writeSafetensors } from './safetensors/write-safetensors.ts';
export { openManifest, type OpenedManifest } from './signed-manifest.ts';
