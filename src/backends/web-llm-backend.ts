import type { AppConfig, MLCEngineInterface } from '@mlc-ai/web-llm';
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

/** A name that can never resolve (RFC 6761): whatever is not in the cache below fails instead of being fetched. */
const ORIGIN = 'https://store.invalid';
/** The library's three caches, and which files it looks up in each. */
const SCOPES = [
  { cache: 'webllm/config', holds: (name: string) => name === 'mlc-chat-config.json' },
  { cache: 'webllm/wasm', holds: (name: string) => name.endsWith('.wasm') },
  { cache: 'webllm/model', holds: () => true },
] as const;

let loads = 0;

/**
 * web-llm: models compiled by MLC (`mlc-chat-config.json`, `tensor-cache.json`, shards, and the model's library, a
 * `.wasm` that must be built for the very version of the package that we ship, 0.2.86).
 *
 * It reads only its own caches, so the store fills them before the load and they are emptied after it: the weights are
 * then on the GPU, and this device keeps one copy, its own.
 */
export function createWebLlmBackend(): Backend {
  return { name: 'web-llm', load: (files, options) => guardLoading('web-llm', () => load(files, options)) };
}

async function load(files: ModelFiles, { task, signal }: LoadBackend): Promise<BackendModel> {
  if (task !== 'chat' && task !== 'completion') throw unsupported('web-llm', task);
  const library = files.names.find((name) => name.endsWith('.wasm'));
  for (const name of ['mlc-chat-config.json', 'tensor-cache.json', library ?? '*.wasm']) {
    if (!files.names.includes(name)) throw new BackendError('files-missing', `web-llm needs ${name}`, { name });
  }
  const { MLCEngine } = await import('@mlc-ai/web-llm');
  signal?.throwIfAborted();
  const base = `${ORIGIN}/${loads++}`;
  const appConfig: AppConfig = {
    cacheBackend: 'cache',
    model_list: [{ model: `${base}/resolve/main/`, model_id: base, model_lib: `${base}/${library}` }],
  };
  const urlOf = (name: string) => (name === library ? `${base}/${name}` : `${base}/resolve/main/${name}`);
  const engine = new MLCEngine({ appConfig, logLevel: 'SILENT' });
  const stop = () => void engine.unload();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await fillCaches(files, urlOf);
    await engine.reload(base);
    signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener('abort', stop);
    await emptyCaches(base);
  }
  return guardModel(
    'web-llm',
    ['completion', 'chat'],
    { complete: (request, options) => complete(engine, request, options) },
    () => engine.unload(),
  );
}

/** Puts every file where the library will look for it. */
export async function fillCaches(files: ModelFiles, urlOf: (name: string) => string): Promise<void> {
  for (const name of files.names) {
    const scope = SCOPES.find(({ holds }) => holds(name));
    if (!scope) continue;
    const cache = await caches.open(scope.cache);
    const headers = { 'content-length': String(files.sizeOf(name)) };
    await cache.put(new Request(urlOf(name)), new Response(await files.read(name), { headers }));
  }
}

/** Removes what `fillCaches` put under a base URL. */
export async function emptyCaches(base: string): Promise<void> {
  for (const { cache: name } of SCOPES) {
    const cache = await caches.open(name);
    const ours = (await cache.keys()).filter(({ url }) => url.startsWith(`${base}/`));
    await Promise.all(ours.map((request) => cache.delete(request)));
  }
}

async function complete(
  engine: MLCEngineInterface,
  { prompt, maxTokens, temperature, seed, stop }: CompletionRequest,
  { onText, signal }: CompletionOptions = {},
): Promise<Completion> {
  signal?.throwIfAborted();
  const interrupt = () => {
    engine.interruptGenerate();
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  const settings = {
    max_tokens: maxTokens,
    temperature,
    // 0 would be "no seed" to it.
    seed: seed + 1,
    stop: stop ? [...stop] : null,
    stream: true,
    stream_options: { include_usage: true },
  } as const;
  let text = '';
  let finish: Completion['finish'] = 'length';
  let usage = { prompt_tokens: 0, completion_tokens: 0 };
  try {
    const chunks =
      typeof prompt === 'string'
        ? await engine.completions.create({ ...settings, prompt })
        : await engine.chat.completions.create({ ...settings, messages: [...prompt] });
    for await (const chunk of chunks) {
      if (chunk.usage) usage = chunk.usage;
      const choice = chunk.choices[0];
      if (!choice) continue;
      if (choice.finish_reason === 'stop') finish = 'stop';
      const piece = 'delta' in choice ? choice.delta.content : choice.text;
      if (!piece) continue;
      text += piece;
      onText?.(piece);
    }
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
  signal?.throwIfAborted();
  return { text, finish, promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
}
