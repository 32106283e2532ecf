/**
 * LoRA adapters as files: PEFT directories and GGUF, in and out, checked against the base that they change.
 *
 * @module
 * @example
 * const { weights } = readGgufLora(bytes, config);
 * await engine.loadAdapter(model, root, weights);
 */
export { AdapterError, type AdapterErrorCode, type AdapterErrorDetails } from './errors.ts';
export { readGgufLora, writeGgufLora, type AdapterOrigin } from './gguf-lora.ts';
export { checkLineage } from './lineage.ts';
export type { LoraAdapter, LoraForm } from './lora-form.ts';
export { PEFT_CONFIG, PEFT_WEIGHTS, readPeft, writePeft, type PeftAdapter, type PeftFiles } from './peft.ts';
