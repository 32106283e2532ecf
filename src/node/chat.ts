import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import { RealmError } from '../base/realm-errors.ts';
import type { EngineEvent } from '../engine/index.ts';
import type { Device } from './device.ts';
import type { ChatOptions } from './starling-node.ts';

/**
 * Streams an answer of a model of the shelf, or of one as an adapter of the shelf changes it.
 *
 * @param load makes a model the loaded one
 * @throws as `load`, `openHeldAdapter` and `chatOnDevice`
 */
export async function chatWithModel(
  device: Device,
  options: ChatOptions,
  load: (model: ModelRoot) => Promise<void>,
): Promise<void> {
  const { model, signal } = options;
  if (!device.shelf.models().find(({ root }) => root === model)?.adapter) {
    await load(model);
    return chatOnDevice(device, options);
  }
  const { openHeldAdapter } = await import('./held-adapter.ts');
  const { base, weights } = await openHeldAdapter(device.shelf, model, signal);
  await load(base);
  return chatOnDevice(device, { ...options, model: base, adapter: weights });
}

/**
 * Streams an answer from the loaded model. A model without a chat template continues the person's text instead.
 *
 * @throws the engine's errors by name, and `AbortError` when stopped
 */
export async function chatOnDevice(device: Device, options: ChatOptions): Promise<void> {
  const { model, messages, signal } = options;
  const tokens = await device.engine.tokens(model, () => device.shelf.header(model));
  const prompt =
    device.engine.loaded()?.hasChatTemplate && !options.isPlain
      ? await tokens.encodeChat(messages)
      : await tokens.encodePrompt(messages.at(-1)?.content ?? '');
  const { client } = device.engine;
  const adapter = options.adapter && (crypto.randomUUID() as AdapterRoot);
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
  if (options.adapter && adapter) await client.api.loadAdapter(model, adapter, options.adapter);
  try {
    await client.generate(request, onEvent, signal);
  } finally {
    if (adapter) await client.api.unloadAdapter(model, adapter);
  }
  signal.throwIfAborted();
  if (failure) throw failure;
}
