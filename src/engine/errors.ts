import { AppError } from '../base/app-error.ts';

/**
 * - `model-unsupported`: an architecture, shape or mix of types that this build does not compute. Take another model.
 * - `model-invalid`: a tensor is missing or misshapen, or the pieces do not make the file. The publisher is at fault.
 * - `model-not-loaded`: the model is not on the GPU (never loaded, unloaded, or lost with the device). Load it.
 * - `tokenizer-unsupported`: a tokenizer kind that this build does not know. Take another model.
 * - `tokenizer-not-open`: text was given for a model whose header was not opened. Open it first.
 * - `no-chat-template`: the model has none; it continues text but does not chat.
 * - `chat-template-failed`: the model's template refused these messages or is broken.
 * - `prompt-too-long`: prompt and answer do not fit the context, or not the memory reserved for it. Shorten it.
 * - `request-invalid`: a request out of range: no prompt, unknown token ids, an id in use.
 * - `adapter-invalid`: an adapter whose tensors, shapes or numbers are not for the model. Take another.
 * - `adapter-too-large`: an adapter of more pages than there is room for. Take one of a lower rank.
 * - `adapter-not-loaded`: the adapter was never loaded for this model, or was unloaded. Load it.
 * - `constraint-invalid`: a schema that is none, or a list of choices that is empty. Correct it.
 * - `constraint-unsupported`: a keyword, named by its path, that cannot be held to while the text grows. Leave it out.
 * - `constraint-unsatisfiable`: no text can meet the schema. Loosen what contradicts itself.
 * - `constraint-too-large`: a schema or list of choices beyond a limit. Make it smaller.
 * - `constraint-stuck`: this model's vocabulary cannot spell what the constraint asks for. Take another model.
 * - `kernel-wrong`: this GPU computes a kernel wrongly; it is not used. Update the driver.
 * - `engine-stopped`: the engine was stopped.
 */
export type EngineErrorCode =
  | 'model-unsupported'
  | 'model-invalid'
  | 'model-not-loaded'
  | 'tokenizer-unsupported'
  | 'tokenizer-not-open'
  | 'no-chat-template'
  | 'chat-template-failed'
  | 'prompt-too-long'
  | 'request-invalid'
  | 'adapter-invalid'
  | 'adapter-too-large'
  | 'adapter-not-loaded'
  | 'constraint-invalid'
  | 'constraint-unsupported'
  | 'constraint-unsatisfiable'
  | 'constraint-too-large'
  | 'constraint-stuck'
  | 'kernel-wrong'
  | 'engine-stopped';

/** `name` is the tensor, key or request to blame; `value` and `limit` are what was found and what is allowed. */
export interface EngineErrorDetails {
  readonly name?: string;
  readonly value?: number;
  readonly limit?: number;
}

/** Thrown by every function of `engine`, beside the `GpuError`s and `WeightsError`s that pass through. */
export class EngineError extends AppError<EngineErrorCode, EngineErrorDetails> {
  override readonly name = 'EngineError';

  constructor(code: EngineErrorCode, message: string, details: EngineErrorDetails = {}, options?: ErrorOptions) {
    super(code, `engine: ${message}`, details, options);
  }
}
