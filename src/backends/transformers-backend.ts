import type * as transformers from '@huggingface/transformers';
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { ModelFiles } from '../weights/index.ts';
import type { Backend, BackendModel, BackendTask, LabelScore, LoadBackend } from './backend.ts';
import { BackendError } from './errors.ts';
import { guardLoading, guardModel, unsupported } from './guarded-model.ts';

type Library = Pick<typeof transformers, 'env' | 'pipeline'>;

const TASKS = {
  embedding: 'feature-extraction',
  'text-classification': 'text-classification',
  'zero-shot-classification': 'zero-shot-classification',
  'speech-to-text': 'automatic-speech-recognition',
} as const satisfies Partial<Record<BackendTask, string>>;
type Task = keyof typeof TASKS;

/** Where the library believes that its models live; nothing is ever fetched from there. */
const MODEL_PATH = '/models/';

/** Models by the name under which the library asks for their files. */
const shelves = new Map<string, ModelFiles>();
let library: Promise<Library> | undefined;
let loads = 0;

/**
 * transformers.js over ONNX Runtime: the layout of the model hub (`config.json`, `tokenizer.json`, `onnx/model*.onnx`).
 *
 * @param device `webgpu`, or `wasm` where there is none or where numbers must not depend on a GPU
 */
export function createTransformersBackend(device: 'webgpu' | 'wasm'): Backend {
  return {
    name: 'transformers.js',
    load: (files, options) => guardLoading('transformers.js', () => load(files, options, device)),
  };
}

async function load(
  files: ModelFiles,
  { task, signal }: LoadBackend,
  device: 'webgpu' | 'wasm',
): Promise<BackendModel> {
  if (!isTask(task)) throw unsupported('transformers.js', task);
  if (!files.names.includes('config.json')) {
    throw new BackendError('files-missing', 'a transformers.js model needs config.json', { name: 'config.json' });
  }
  const { pipeline } = await openLibrary();
  signal?.throwIfAborted();
  const name = `starling/${loads++}`;
  shelves.set(name, files);
  try {
    const pipe = await pipeline(TASKS[task], name, { device, dtype: smallestType(files.names) });
    if (signal?.aborted) {
      await pipe.dispose();
      signal.throwIfAborted();
    }
    return guardModel('transformers.js', [task], methodsOf(pipe), async () => {
      await pipe.dispose();
    });
  } finally {
    // All files were read; the session holds what it needs.
    shelves.delete(name);
  }
}

/** What each pipeline is called with and gives; the library's own types depend on strings that we only know at run time. */
type Pipe = ((input: unknown, ...more: unknown[]) => Promise<unknown>) & { dispose(): Promise<unknown> };

function methodsOf(loaded: unknown): Parameters<typeof guardModel>[2] {
  const pipe = loaded as Pipe;
  return {
    async embed(texts) {
      const tensor = (await pipe([...texts], { pooling: 'mean', normalize: true })) as {
        readonly dims: readonly number[];
        readonly data: Float32Array;
      };
      const width = tensor.dims.at(-1) ?? 0;
      return texts.map((_, i) => Float32Array.from(tensor.data.subarray(i * width, (i + 1) * width)));
    },
    async classify(text) {
      return (await pipe(text, { top_k: null })) as readonly LabelScore[];
    },
    async choose(text, labels) {
      const { labels: names, scores } = (await pipe(text, [...labels])) as { labels: string[]; scores: number[] };
      return names.map((label, i) => ({ label, score: scores[i] ?? 0 }));
    },
    async transcribe(samples) {
      return ((await pipe(samples)) as { text: string }).text;
    },
  };
}

function isTask(task: BackendTask): task is Task {
  return task in TASKS;
}

/** Loads the library on first use and cuts it off from the network: every file comes from a shelf. */
function openLibrary(): Promise<Library> {
  library ??= import('@huggingface/transformers').then((loaded) => {
    const { env } = loaded;
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    env.localModelPath = MODEL_PATH;
    env.useBrowserCache = false;
    env.useWasmCache = false;
    env.useCustomCache = true;
    env.customCache = { match, put: async () => undefined };
    env.fetch = () => Promise.resolve(new Response(null, { status: 404 }));
    // ONNX Runtime's default is a content delivery network.
    if (env.backends.onnx.wasm) env.backends.onnx.wasm.wasmPaths = { wasm: ortWasm };
    return loaded;
  });
  return library;
}

async function match(key: unknown): Promise<Response | undefined> {
  const path = String(key);
  if (!path.startsWith(MODEL_PATH)) return undefined;
  const [publisher, number, ...rest] = path.slice(MODEL_PATH.length).split('/');
  const files = shelves.get(`${publisher}/${number}`);
  const name = rest.join('/');
  if (!files?.names.includes(name)) return undefined;
  return new Response(await files.read(name), { headers: { 'content-length': String(files.sizeOf(name)) } });
}

/** By the library's file names; a model usually has one. */
const TYPES = [
  ['q4', '_q4'],
  ['q8', '_quantized'],
  ['int8', '_int8'],
  ['uint8', '_uint8'],
  ['fp16', '_fp16'],
  ['fp32', ''],
] as const;

function smallestType(names: readonly string[]): (typeof TYPES)[number][0] {
  const found = TYPES.find(([, suffix]) => names.some((name) => name.endsWith(`model${suffix}.onnx`)));
  if (found) return found[0];
  throw new BackendError('files-missing', 'the model has no onnx/model*.onnx', { name: 'onnx/model.onnx' });
}
