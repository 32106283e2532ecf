import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import { RealmError } from '../base/realm-errors.ts';
import type { EngineEvent } from '../engine/index.ts';
import type { Device } from './device.ts';
import type { ChatOptions } from './starling-node.ts';

/**
 * Streams an answer of a model of the shelf, or of one as an adapter of the shelf changes it.
 *
 * @param load makes a model the loaded one
 * @throws as `load`, `WarmAdapters.use` and `chatOnDevice`
 */
export async function chatWithModel(
  device: Device,
  options: ChatOptions,
  load: (model: ModelRoot) => Promise<void>,
): Promise<void> {
  const { model, signal } = options;
  const adapter = device.shelf.models().find(({ root }) => root === model)?.adapter;
  if (!adapter) {
    await load(model);
    return chatOnDevice(device, options);
  }
  await load(adapter.base);
  const root = model as string as AdapterRoot;
  const release = await device.adapters.use(adapter.base, root, true, signal);
  try {
    await chatOnDevice(device, { ...options, model: adapter.base }, root);
  } finally {
    release();
  }
}

/**
 * Streams an answer from the loaded model. A model without a chat template continues the person's text instead.
 *
 * @param warm an adapter that the engine has already
 * @throws the engine's errors by name, and `AbortError` when stopped
 */
export async function chatOnDevice(device: Device, options: ChatOptions, warm?: AdapterRoot): Promise<void> {
  const { model, messages, signal } = options;
  const tokens = await device.engine.tokens(model, () => device.shelf.header(model));
  const prompt =
    device.engine.loaded()?.hasChatTemplate && !options.isPlain
      ? await tokens.encodeChat(messages)
      : await tokens.encodePrompt(messages.at(-1)?.content ?? '');
  const { client } = device.engine;
  const passing = options.adapter && (crypto.randomUUID() as AdapterRoot);
  const adapter = passing ?? warm;
  let failure: RealmError | undefined;
  let shownChars = 0;
  const show = (text: string) => {
    shownChars += text.length;
    if (text) options.onText(text);
  };
  const request = {
    id: crypto.randomUUID(),
    model,
    prompt,
    maxTokens: Math.max(1, Math.min(options.maxTokens, tokens.contextTokens - prompt.length)),
    sampling: {
      temperature: options.temperature,
      topK: 0,
      topP: 0.95,
      seed: options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    },
    record: 0,
    stop: [],
    ...(options.constraint ? { constraint: options.constraint } : {}),
    ...(adapter ? { adapter } : {}),
  };
  const onEvent = (event: EngineEvent) => {
    if (event.t === 'token') show(event.text);
    // The end may hold back text that could have begun a stop string.
    if (event.t === 'done') show(event.text.slice(shownChars));
    if (event.t === 'failed') {
      const { code, message } = event;
      failure = new RealmError({ name: 'EngineError', code, message, details: undefined, stack: undefined });
    }
  };
  if (options.adapter && passing) await client.api.loadAdapter(model, passing, options.adapter);
  try {
    await client.generate(request, onEvent, signal);
  } finally {
    if (passing) await client.api.unloadAdapter(model, passing);
  }
  signal.throwIfAborted();
  if (failure) throw failure;
}
