import type { Wllama } from '@wllama/wllama';
import wllamaWasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import type { ModelFiles } from '../weights/index.ts';
import type {
  Backend,
  BackendModel,
  Completion,
  CompletionOptions,
  CompletionRequest,
  LoadBackend,
} from './backend.ts';
import { BackendError } from './errors.ts';
import { guardLoading, guardModel, unsupported } from './guarded-model.ts';

/** Positions of the longest sequence: a CPU is slow, and its memory is the page's. */
const MAX_CONTEXT = 2048;

/** llama.cpp on the CPU (WebAssembly): the same GGUF files as our own engine, for devices without WebGPU. */
export function createWllamaBackend(): Backend {
  return { name: 'wllama', load: (files, options) => guardLoading('wllama', () => load(files, options)) };
}

async function load(files: ModelFiles, { task, signal }: LoadBackend): Promise<BackendModel> {
  if (task !== 'completion' && task !== 'chat') throw unsupported('wllama', task);
  const names = files.names.filter((name) => name.endsWith('.gguf'));
  if (names.length === 0) throw new BackendError('files-missing', 'wllama needs a .gguf file', { name: '*.gguf' });
  const library = await import('@wllama/wllama');
  const blobs = await Promise.all(names.map((name) => files.read(name)));
  signal?.throwIfAborted();
  const wllama = new library.Wllama(
    { default: wllamaWasm },
    { logger: library.LoggerWithoutDebug, suppressNativeLog: true },
  );
  try {
    await wllama.loadModel(blobs, { n_ctx: MAX_CONTEXT, n_gpu_layers: 0, n_parallel: 1 });
    signal?.throwIfAborted();
  } catch (error) {
    await wllama.exit().catch(() => undefined);
    throw error;
  }
  // It runs one request at a time; the next waits here, where it can still be aborted.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = last.then(run, run);
    last = turn.catch(() => undefined);
    return turn;
  };
  return guardModel(
    'wllama',
    ['completion', 'chat'],
    { complete: (request, options) => inTurn(() => complete(wllama, request, options)) },
    () => wllama.exit(),
  );
}

async function complete(
  wllama: Wllama,
  request: CompletionRequest,
  { onText, signal }: CompletionOptions = {},
): Promise<Completion> {
  signal?.throwIfAborted();
  const { prompt, maxTokens, temperature, seed, stop } = request;
  const settings = {
    max_tokens: maxTokens,
    temperature,
    seed,
    ...(stop ? { stop: [...stop] } : {}),
    ...(signal ? { abortSignal: signal } : {}),
    stream: true,
  } as const;
  let text = '';
  let finish: Completion['finish'] = 'length';
  let timings = { prompt_n: 0, predicted_n: 0 };
  const take = (piece: string | null | undefined) => {
    if (!piece) return;
    text += piece;
    onText?.(piece);
  };
  const note = (chunk: { timings?: typeof timings; choices: { finish_reason?: string | null }[] }) => {
    if (chunk.timings) timings = chunk.timings;
    if (chunk.choices[0]?.finish_reason === 'stop') finish = 'stop';
  };
  if (typeof prompt === 'string') {
    for await (const chunk of await wllama.createCompletion({ ...settings, prompt })) {
      note(chunk);
      take(chunk.choices[0]?.text);
    }
  } else {
    for await (const chunk of await wllama.createChatCompletion({ ...settings, messages: [...prompt] })) {
      note(chunk);
      take(chunk.choices[0]?.delta.content);
    }
  }
  signal?.throwIfAborted();
  return { text, finish, promptTokens: timings.prompt_n, completionTokens: timings.predicted_n };
}
