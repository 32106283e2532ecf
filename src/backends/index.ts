/**
 * Other people's inference libraries behind one interface, fed from the content store alone: what our own engine does
 * not compute (embeddings, classifiers, speech), and GGUF on devices without WebGPU.
 *
 * Each library is loaded when its first model is, never with the page. None of them fetches a model by itself.
 *
 * @module
 * @example
 * const files = await openModelFiles(manifest, store);
 * const model = await createTransformersBackend('webgpu').load(files, { task: 'embedding' });
 * const [vector] = await model.embed(['to be or not to be']);
 */
export type {
  Backend,
  BackendModel,
  BackendTask,
  Completion,
  CompletionOptions,
  CompletionRequest,
  LabelScore,
  LoadBackend,
} from './backend.ts';
export { chooseBackend, type BackendChoice } from './choose-backend.ts';
export { BackendError, type BackendErrorCode, type BackendErrorDetails } from './errors.ts';
export { createStarlingBackend } from './starling-backend.ts';
export { createTransformersBackend } from './transformers-backend.ts';
export { createWebLlmBackend } from './web-llm-backend.ts';
export { createWllamaBackend } from './wllama-backend.ts';
