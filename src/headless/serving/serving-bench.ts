import type { ModelRoot, PieceHash } from '../../base/branded.ts';
import { copyBytes, type Bytes } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/sha256.ts';
import {
  createEngineApi,
  type EngineApi,
  type EngineEvent,
  type LoadOptions,
  type SequenceRequest,
} from '../../engine/index.ts';
import { createMemoryPieceStore, parseGgufHeader, type GgufHeader } from '../../weights/index.ts';

/** A model under load: the engine as any page has it, on Dawn. */
export interface ServingBench {
  readonly engine: EngineApi;
  readonly header: GgufHeader;
  readonly root: ModelRoot;
  readonly vocabulary: number;
  /** Runs a request to its end, with the time of its first token. */
  run(part: Partial<SequenceRequest>): Promise<Outcome>;
  close(): Promise<void>;
}

export interface Outcome {
  readonly last: EngineEvent;
  /** Milliseconds from the request to its first token; undefined if there was none. */
  readonly firstTokenMs: number | undefined;
}

const SAMPLING = { temperature: 0.9, topK: 0, topP: 1, seed: 1 };
const PIECE_BYTES = 4 * 1024 * 1024;
let requests = 0;

export async function openServing(gpu: GPU, file: Bytes, options: LoadOptions): Promise<ServingBench> {
  const store = createMemoryPieceStore();
  const pieces: { hash: PieceHash; sizeBytes: number }[] = [];
  for (let at = 0; at < file.byteLength; at += PIECE_BYTES) {
    const piece = copyBytes(file.subarray(at, at + PIECE_BYTES));
    const hash = await sha256Hex(piece);
    await store.put(hash, piece);
    pieces.push({ hash, sizeBytes: piece.byteLength });
  }
  const header = parseGgufHeader(file);
  const root = (await sha256Hex(file)) as string as ModelRoot;
  const engine = createEngineApi({ store, gpu });
  const source = { root, headerBytes: header.headerBytes, pieces };
  const { vocabulary } = await engine.loadModel(source, () => undefined, options);
  const run = async (part: Partial<SequenceRequest>): Promise<Outcome> => {
    const startMs = performance.now();
    let firstTokenMs: number | undefined;
    let last: EngineEvent | undefined;
    const request = {
      id: `request ${requests++}`,
      model: root,
      prompt: Uint32Array.of(1),
      maxTokens: 16,
      sampling: SAMPLING,
      record: 0,
      stop: [],
      ...part,
    };
    await engine.generate(request, (event) => {
      if (event.t === 'token') firstTokenMs ??= performance.now() - startMs;
      last = event;
    });
    if (!last) throw new TypeError('a request ends with an event');
    return { last, firstTokenMs };
  };
  return { engine, header, root, vocabulary, run, close: () => engine.stop() };
}
