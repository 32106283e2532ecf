import type { Backend } from './backend.ts';
import { BackendError } from './errors.ts';

/** Which library runs a layout of files on this device, told by the names alone. */
export type BackendChoice = Backend['name'];

/**
 * GGUF goes to our own engine, or to wllama where there is no WebGPU; the model hub's ONNX layout to transformers.js;
 * what MLC compiled to web-llm; the hub's safetensors, plain or in the int4 of AWQ or GPTQ, to our own engine.
 *
 * @throws {BackendError} `no-backend`
 */
export function chooseBackend(names: readonly string[], hasWebGpu: boolean): BackendChoice {
  if (names.includes('mlc-chat-config.json')) return requireGpu(hasWebGpu, 'web-llm');
  if (names.includes('config.json') && names.some((name) => name.endsWith('.onnx'))) return 'transformers.js';
  if (names.some((name) => name.endsWith('.gguf'))) return hasWebGpu ? 'starling' : 'wllama';
  if (names.includes('tokenizer.json') && names.some((name) => name.endsWith('.safetensors')))
    return requireGpu(hasWebGpu, 'starling');
  throw new BackendError(
    'no-backend',
    `nothing here runs a model of these files: ${names.slice(0, 5).join(', ')}; take GGUF, ONNX or MLC models`,
  );
}

function requireGpu(hasWebGpu: boolean, name: BackendChoice): BackendChoice {
  if (hasWebGpu) return name;
  throw new BackendError('no-backend', `${name} needs WebGPU, which this device lacks; take a GGUF model`, { name });
}
