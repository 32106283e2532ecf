import type { ModelRoot } from '../base/branded.ts';
import type { EngineApi, EngineEvent, ModelSource } from '../engine/index.ts';
import type {
  Backend,
  BackendModel,
  BackendTask,
  Completion,
  CompletionOptions,
  CompletionRequest,
  LabelScore,
  LoadBackend,
} from './backend.ts';
import { BackendError } from './errors.ts';
import { guardLoading, guardModel, unsupported } from './guarded-model.ts';

let requests = 0;

/** Every model of ours continues texts, makes vectors of them and says which continuation is likely; those with a template chat. */
const PLAIN_TASKS: readonly BackendTask[] = ['completion', 'embedding', 'zero-shot-classification'];
const TASKS: ReadonlySet<BackendTask> = new Set([...PLAIN_TASKS, 'chat']);

/** Our own engine behind the common interface. It reads pieces from the store itself, by their hashes. */
export function createStarlingBackend(engine: EngineApi, source: ModelSource): Backend {
  return {
    name: 'starling',
    load: (_files, options) => guardLoading('starling', () => load(engine, source, options)),
  };
}

async function load(engine: EngineApi, source: ModelSource, { task, signal }: LoadBackend): Promise<BackendModel> {
  if (!TASKS.has(task)) throw unsupported('starling', task);
  const { hasChatTemplate } = await engine.loadModel(source, () => undefined);
  if (signal?.aborted || (task === 'chat' && !hasChatTemplate)) {
    await engine.unloadModel(source.root);
    signal?.throwIfAborted();
    throw unsupported('starling', 'chat');
  }
  return guardModel(
    'starling',
    hasChatTemplate ? [...PLAIN_TASKS, 'chat'] : PLAIN_TASKS,
    {
      complete: (request, options) => complete(engine, source.root, request, options),
      embed: (texts) => embed(engine, source.root, texts),
      choose: (text, labels) => choose(engine, source.root, text, labels),
    },
    () => engine.unloadModel(source.root),
  );
}

function embed(engine: EngineApi, model: ModelRoot, texts: readonly string[]): Promise<Float32Array[]> {
  return Promise.all(texts.map(async (text) => engine.embed(model, await engine.encodePrompt(model, text), 'mean')));
}

/** By how well each label continues the text, a blank between them: no model of entailment is needed. */
async function choose(
  engine: EngineApi,
  model: ModelRoot,
  text: string,
  labels: readonly string[],
): Promise<LabelScore[]> {
  const continuations = labels.map((label) => ` ${label}`);
  const scores = await engine.choose(model, text, continuations);
  return labels.map((label, i) => ({ label, score: scores[i] ?? 0 })).toSorted((a, b) => b.score - a.score);
}

async function complete(
  engine: EngineApi,
  model: ModelRoot,
  { prompt, maxTokens, temperature, seed, stop }: CompletionRequest,
  { onText, signal }: CompletionOptions = {},
): Promise<Completion> {
  signal?.throwIfAborted();
  const tokens =
    typeof prompt === 'string' ? await engine.encodePrompt(model, prompt) : await engine.encodeChat(model, prompt);
  const id = `backend-${requests++}`;
  const cancel = () => void engine.cancel(id);
  signal?.addEventListener('abort', cancel, { once: true });
  const last = Promise.withResolvers<Exclude<EngineEvent, { t: 'token' }>>();
  let told = '';
  const listen = (event: EngineEvent) => {
    if (event.t !== 'token') last.resolve(event);
    else if (event.text) {
      told += event.text;
      onText?.(event.text);
    }
  };
  try {
    const sampling = { temperature, topK: 0, topP: 1, seed };
    await engine.generate({ id, model, prompt: tokens, maxTokens, sampling, record: 0, stop: stop ?? [] }, listen);
    const end = await last.promise;
    if (end.t === 'failed') throw new BackendError('failed', end.message, { name: end.code });
    if (end.finish === 'cancelled') signal?.throwIfAborted();
    // What was held back because it could have begun a stop string.
    if (end.text.length > told.length) onText?.(end.text.slice(told.length));
    const finish = end.finish === 'length' ? 'length' : 'stop';
    return { text: end.text, finish, promptTokens: tokens.length, completionTokens: end.tokens.length };
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
