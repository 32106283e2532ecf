/**
 * The inference engine: GGUF models on WebGPU, many sequences batched over paged KV, bit-equal alone and together.
 * Runs in a dedicated worker (`workers/engine.worker.ts`); a page imports types only and wraps the worker with comlink.
 *
 * @module
 * @example
 * const engine = createEngineApi({ store });
 * const { root } = await engine.loadModel(source, () => undefined);
 * const prompt = await engine.encodePrompt(root, 'Once upon a time');
 * await engine.generate({ id: '1', model: root, prompt, maxTokens: 32, sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 }, record: 0, stop: [] }, console.log);
 */
export type { AdapterWeights, LowRankPair } from './adapters/adapter-weights.ts';
export {
  benchDevice,
  benchShapeNames,
  type BenchOptions,
  type BenchReport,
  type BenchRow,
} from './bench/bench-device.ts';
export type { BenchShape } from './bench/bench-shapes.ts';
export { createEngineApi, type EngineApi, type EngineComponents } from './create-engine-api.ts';
export type {
  AdapterReport,
  ChatMessage,
  Constraint,
  DeviceReport,
  EngineEvent,
  EngineStats,
  ModelReport,
  Sampling,
  SequenceRequest,
} from './engine-api.ts';
export { EngineError, type EngineErrorCode, type EngineErrorDetails } from './errors.ts';
export { ALL_KERNELS } from './kernels/all-kernels.ts';
export { WEIGHT_FORMATS } from './kernels/weight-formats.ts';
export { readModelConfig, type Architecture, type ModelConfig } from './model/config.ts';
export type { LoadOptions } from './model/load-model.ts';
export type { ProductType } from './model/reduction.ts';
export { loadWeights, type LoadedWeights, type WeightsOptions } from './model/load-weights.ts';
export { ropeAngles } from './model/rope-angles.ts';
export type { ModelSource } from './model/upload-weights.ts';
export type { ChunkView, MatrixView, WeightsView } from './model/weights-view.ts';
export type { TuningStore } from './tuning/tuning-store.ts';
export type { TokenScores } from './score-tokens.ts';
export { createModelTokenizer, type ModelTokenizer } from './tokenizer/model-tokenizer.ts';
