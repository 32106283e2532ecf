/**
 * Model weights: GGUF headers, manifests, the content store and the torrents that fill it.
 *
 * @module
 */
export { WeightsError, type WeightsErrorCode, type WeightsErrorDetails } from './errors.ts';
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
export type { PieceStore } from './piece-store.ts';
