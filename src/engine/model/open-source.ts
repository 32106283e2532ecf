import { concatBytes, hexToBytes } from '../../base/bytes.ts';
import { isBundle, openCheckpoint, openModelFiles, type GgufHeader, type PieceStore } from '../../weights/index.ts';
import { readSourceHeader, uploadWeights, type ModelSource, type RowSink } from './upload-weights.ts';

/** A model's weights where they are stored: a GGUF, or a bundle of safetensors that is read as one. */
export interface OpenSource {
  readonly header: GgufHeader;
  /** Gives every row to its sinks. @throws {WeightsError}, {EngineError} `model-invalid`, AbortError */
  upload(sinks: ReadonlyMap<string, readonly RowSink[]>, onProgress: OnProgress, signal: AbortSignal): Promise<void>;
}

type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** @throws {WeightsError} @throws {EngineError} `model-invalid` */
export async function openSource(source: ModelSource, store: PieceStore): Promise<OpenSource> {
  const [first] = source.pieces;
  if (first && isBundle(await store.read(first.hash))) return await openBundle(source, store);
  const header = await readSourceHeader(source, store);
  return {
    header,
    upload: (sinks, onProgress, signal) => uploadWeights(source, header, store, sinks, onProgress, signal),
  };
}

async function openBundle({ root, headerBytes, pieces }: ModelSource, store: PieceStore): Promise<OpenSource> {
  const files = await openModelFiles(
    {
      name: root,
      headerBytes,
      sizeBytes: pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      hashes: concatBytes(pieces.map(({ hash }) => hexToBytes(hash))),
      sizes: pieces.map(({ sizeBytes }) => sizeBytes),
    },
    store,
  );
  const { header, read } = await openCheckpoint(files);
  const totalBytes = header.tensors.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    header,
    async upload(sinks, onProgress, signal) {
      let doneBytes = 0;
      for (const { name, type, dims, sizeBytes } of header.tensors) {
        signal.throwIfAborted();
        const bytes = await read(name);
        for (const sink of sinks.get(name) ?? []) sink(type, { first: 0, count: dims[1] ?? 1 }, bytes);
        doneBytes += sizeBytes;
        onProgress(doneBytes, totalBytes);
      }
    },
  };
}
