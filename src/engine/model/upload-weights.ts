import type { PieceHash, ModelRoot } from '../../base/branded.ts';
import type { Bytes } from '../../base/bytes.ts';
import {
  createGgufHeaderParser,
  layoutGguf,
  tensorBytes,
  type GgufHeader,
  type GgufTensor,
  type PieceStore,
  type TensorType,
} from '../../weights/index.ts';
import { EngineError } from '../errors.ts';

/** Where a model's file comes from: its pieces in file order. */
export interface ModelSource {
  readonly root: ModelRoot;
  readonly headerBytes: number;
  readonly pieces: readonly { readonly hash: PieceHash; readonly sizeBytes: number }[];
}

/** Takes whole rows of a tensor as they lie in the file; `bytes` is lent for the call. */
export type RowSink = (type: TensorType, row: { readonly first: number; readonly count: number }, bytes: Bytes) => void;

/** Reads the header from the first pieces. @throws {WeightsError} @throws {EngineError} `model-invalid` */
export async function readSourceHeader(source: ModelSource, store: PieceStore): Promise<GgufHeader> {
  const parser = createGgufHeaderParser();
  for (const piece of source.pieces) {
    const header = parser.push(await readPiece(store, piece));
    if (header) return header;
  }
  return parser.finish();
}

/**
 * Streams every tensor row of the file to its sinks, a piece at a time: memory holds one piece and one row of a tensor.
 *
 * @throws {WeightsError} from the store; {EngineError} `model-invalid` if the pieces do not make the file; AbortError
 */
export async function uploadWeights(
  source: ModelSource,
  header: GgufHeader,
  store: PieceStore,
  sinks: ReadonlyMap<string, readonly RowSink[]>,
  onProgress: (doneBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const totalBytes = source.pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { tensors } = layoutGguf(header, totalBytes);
  const streams = tensors.map((tensor) => ({ tensor, stream: new RowStream(tensor, sinks.get(tensor.name) ?? []) }));
  let at = 0;
  let next = 0;
  for (const piece of source.pieces) {
    signal.throwIfAborted();
    const bytes = await readPiece(store, piece);
    const end = at + bytes.byteLength;
    for (let i = next; i < streams.length; i++) {
      const { tensor, stream } = streams[i] ?? {};
      if (!tensor || !stream || tensor.start >= end) break;
      const tensorEnd = tensor.start + tensor.sizeBytes;
      stream.push(bytes.subarray(Math.max(0, tensor.start - at), Math.min(bytes.byteLength, tensorEnd - at)));
      if (tensorEnd <= end) next = i + 1;
    }
    at = end;
    onProgress(at, totalBytes);
  }
}

async function readPiece(store: PieceStore, piece: ModelSource['pieces'][number]): Promise<Bytes> {
  const bytes = await store.read(piece.hash);
  if (bytes.byteLength !== piece.sizeBytes) {
    throw new EngineError(
      'model-invalid',
      `piece ${piece.hash} has ${bytes.byteLength} bytes, ${piece.sizeBytes} expected`,
      {
        name: piece.hash,
        value: bytes.byteLength,
        limit: piece.sizeBytes,
      },
    );
  }
  return bytes;
}

/** Cuts a tensor's bytes into whole rows, keeping what is left of a row for the next push. */
class RowStream {
  readonly #type: TensorType;
  readonly #sinks: readonly RowSink[];
  readonly #carry: Bytes;
  #carried = 0;
  #row = 0;

  constructor(tensor: GgufTensor, sinks: readonly RowSink[]) {
    this.#type = tensor.type;
    this.#sinks = sinks;
    this.#carry = new Uint8Array(tensorBytes(tensor.type, tensor.dims[0] ?? 0));
  }

  push(bytes: Bytes): void {
    let rest = bytes;
    const rowBytes = this.#carry.byteLength;
    if (this.#carried > 0) {
      const part = rest.subarray(0, rowBytes - this.#carried);
      this.#carry.set(part, this.#carried);
      this.#carried += part.byteLength;
      rest = rest.subarray(part.byteLength);
      if (this.#carried < rowBytes) return;
      this.#emit(this.#carry);
      this.#carried = 0;
    }
    const whole = rest.byteLength - (rest.byteLength % rowBytes);
    if (whole > 0) this.#emit(rest.subarray(0, whole));
    this.#carry.set(rest.subarray(whole));
    this.#carried = rest.byteLength - whole;
  }

  #emit(bytes: Bytes): void {
    const row = { first: this.#row, count: bytes.byteLength / this.#carry.byteLength };
    for (const sink of this.#sinks) sink(this.#type, row, bytes);
    this.#row += row.count;
  }
}
