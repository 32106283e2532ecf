import { LoggerWithoutDebug, Wllama } from '@wllama/wllama';
import wllamaWasm from '../../node_modules/@wllama/wllama/esm/wasm/wllama.wasm?url';
import { proxy, wrap } from 'comlink';
import type { ModelRoot } from '../../src/base/branded.ts';
import { sha256Hex } from '../../src/base/sha256.ts';
import type { EngineApi, EngineEvent } from '../../src/engine/index.ts';
import { createIdbPieceStore } from '../../src/weights/index.ts';

/** Tokens a second. */
export interface Speeds {
  readonly prefill: number;
  readonly decode: number;
}

const PROMPT = 'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. '.repeat(
  6,
);
const NEW_TOKENS = 64;

async function loadEngine(url: string) {
  const file = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const store = createIdbPieceStore();
  const pieces = [];
  for (let start = 0; start < file.byteLength; start += 4 << 20) {
    const bytes = file.slice(start, start + (4 << 20));
    const hash = await sha256Hex(bytes);
    await store.put(hash, bytes);
    pieces.push({ hash, sizeBytes: bytes.byteLength });
  }
  const worker = new Worker(new URL('../../workers/engine.worker.ts', import.meta.url), { type: 'module' });
  const engine = wrap<EngineApi>(worker);
  const root = (await sha256Hex(file)) as string as ModelRoot;
  await engine.loadModel(
    { root, headerBytes: file.byteLength, pieces },
    proxy(() => undefined),
    // The same prompt is read again and again: what is measured is reading it.
    { sharesPrefixes: false },
  );
  return { engine, root, worker, file };
}

/** Our engine: one sequence, then `batch` of them together (their decode speed is the sum). */
export async function measureEngine(url: string, batch: number): Promise<{ one: Speeds; many: Speeds }> {
  const { engine, root, worker, file } = await loadEngine(url);
  await engine.openTokenizer(root, file);
  const prompt = await engine.encodePrompt(root, PROMPT);
  const run = async (count: number): Promise<Speeds> => {
    const startMs = performance.now();
    let waiting = count;
    let decodingMs = 0;
    let tokens = 0;
    // Decoding is timed while every sequence decodes: from the last first token on.
    const listen = () => {
      let isFirst = true;
      return (event: EngineEvent) => {
        if (event.t !== 'token') return;
        if (isFirst && --waiting === 0) decodingMs = performance.now();
        else if (waiting === 0) tokens += 1;
        isFirst = false;
      };
    };
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        engine.generate(
          {
            id: `bench-${startMs}-${i}`,
            model: root,
            prompt,
            maxTokens: NEW_TOKENS,
            sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 },
            record: i,
            stop: [],
          },
          proxy(listen()),
        ),
      ),
    );
    const endMs = performance.now();
    return {
      prefill: (count * prompt.length) / ((decodingMs - startMs) / 1000),
      decode: tokens / ((endMs - decodingMs) / 1000),
    };
  };
  await run(1);
  const result = { one: await run(1), many: await run(batch) };
  worker.terminate();
  return result;
}

/** wllama on the CPU with the same file, by the figures that it reports itself. */
export async function measureWllama(url: string): Promise<Speeds> {
  const file = await (await fetch(url)).blob();
  const wllama = new Wllama({ default: wllamaWasm }, { logger: LoggerWithoutDebug });
  await wllama.loadModel([file], { n_ctx: 512, n_gpu_layers: 0 });
  // The library passes it on to llama.cpp, its declarations do not know it.
  const request = { prompt: PROMPT, max_tokens: NEW_TOKENS, temperature: 0, cache_prompt: false };
  const run = () => wllama.createCompletion(request);
  await run();
  const { timings } = await run();
  await wllama.exit();
  return { prefill: timings?.prompt_per_second ?? 0, decode: timings?.predicted_per_second ?? 0 };
}
