import { env, pipeline, type FeatureExtractionPipeline } from '@huggingface/transformers';
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import { createTransformersBackend, type BackendModel } from '../../src/backends/index.ts';
import config from '../fixtures/bert-tiny/config.json?raw';
import onnx from '../fixtures/bert-tiny/onnx/model.onnx?url';
import tokenizer from '../fixtures/bert-tiny/tokenizer.json?raw';
import tokenizerConfig from '../fixtures/bert-tiny/tokenizer_config.json?raw';

const TEXTS = Array.from({ length: 16 }, (_, i) => `text number ${i}: to be or not to be, that is the question`);

async function files(): Promise<Map<string, Blob>> {
  return new Map([
    ['config.json', new Blob([config])],
    ['tokenizer.json', new Blob([tokenizer])],
    ['tokenizer_config.json', new Blob([tokenizerConfig])],
    ['onnx/model.onnx', await (await fetch(onnx)).blob()],
  ]);
}

let ours: BackendModel | undefined;
let direct: FeatureExtractionPipeline | undefined;

/** Texts a second through our backend. */
export async function measureOurEmbeddings(rounds: number): Promise<number> {
  const held = await files();
  ours ??= await createTransformersBackend('wasm').load(
    {
      names: [...held.keys()],
      sizeOf: (name) => held.get(name)?.size ?? 0,
      read: async (name) => held.get(name) ?? new Blob(),
    },
    { task: 'embedding' },
  );
  const model = ours;
  return textsPerSecond(rounds, () => model.embed(TEXTS));
}

/** Texts a second through the library as its own documentation calls it. In a page of its own: settings are global. */
export async function measureDirectEmbeddings(rounds: number): Promise<number> {
  const held = await files();
  env.useCustomCache = true;
  env.customCache = {
    match: async (key: string) => {
      const blob = held.get(key.replace('/models/tiny/', ''));
      return blob ? new Response(blob) : undefined;
    },
    put: async () => undefined,
  };
  if (env.backends.onnx.wasm) env.backends.onnx.wasm.wasmPaths = { wasm: ortWasm };
  env.allowLocalModels = true;
  direct ??= await pipeline('feature-extraction', 'tiny', { device: 'wasm', dtype: 'fp32' });
  const pipe = direct;
  return textsPerSecond(rounds, async () => void (await pipe(TEXTS, { pooling: 'mean', normalize: true })).tolist());
}

async function textsPerSecond(rounds: number, embed: () => Promise<unknown>): Promise<number> {
  await embed();
  const startMs = performance.now();
  for (let i = 0; i < rounds; i++) await embed();
  return (1000 * rounds * TEXTS.length) / (performance.now() - startMs);
}
