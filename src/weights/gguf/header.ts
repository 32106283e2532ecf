import { WeightsError } from '../errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { MAX_DIMENSIONS, MAX_FILE_BYTES, MAX_METADATA_ENTRIES, MAX_TENSORS } from './limits.ts';
import { GgufMetadata, type GgufValue } from './metadata.ts';
import { TENSOR_TYPES, tensorBytes, tensorTypeById, type TensorType } from './tensor-type.ts';
import { ValueReader, type Reading } from './value-reader.ts';

/** One row of the tensor table. */
export interface GgufTensor {
  readonly name: string;
  /** Fastest-varying first, as GGUF writes them: `[inputs, outputs]` for a matrix. */
  readonly dims: readonly number[];
  readonly type: TensorType;
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly sizeBytes: number;
}

/** Everything before the weights. */
export interface GgufHeader {
  readonly metadata: GgufMetadata;
  /** In the order of the table. */
  readonly tensors: readonly GgufTensor[];
  /** Tensors start at multiples of this, counted from `headerBytes`. */
  readonly alignment: number;
  /** Bytes before the tensor data section, padding included. */
  readonly headerBytes: number;
}

const MAGIC = 0x46554747; // "GGUF", little-endian
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 65_536;
/** A larger chunk is taken in parts, so that a whole file in one chunk is not copied. */
const PUSH_BYTES = 1024 * 1024;

/**
 * Reads the header of a GGUF v3 file from chunks of any size, in memory bounded by `limits.ts`.
 *
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @example
 * const parser = createGgufHeaderParser();
 * for await (const chunk of file.stream()) if (parser.push(chunk)) break;
 * const { tensors } = parser.finish();
 */
export interface GgufHeaderParser {
  /**
   * Takes the next bytes; once the header is complete it returns it and ignores further bytes.
   * @throws {WeightsError} as soon as the bytes cannot become a header that this build accepts
   */
  push(chunk: Uint8Array): GgufHeader | undefined;
  /** @throws {WeightsError} `gguf-truncated` if the header is not complete */
  finish(): GgufHeader;
}

export function createGgufHeaderParser(): GgufHeaderParser {
  const queue = new ByteQueue();
  const reading = readHeader(queue, new ValueReader(queue));
  let header: GgufHeader | undefined;
  const push = (chunk: Uint8Array) => {
    for (let at = 0; !header && at < chunk.byteLength; at += PUSH_BYTES) {
      queue.push(chunk.subarray(at, at + PUSH_BYTES));
      const step = reading.next();
      if (step.done) header = step.value;
    }
    return header;
  };
  const finish = () => {
    if (header) return header;
    const value = queue.consumed + queue.available;
    throw new WeightsError('gguf-truncated', `gguf header ends after ${value} bytes; fetch the file again`, { value });
  };
  return { push, finish };
}

/** Parses a header that is wholly in memory. @throws {WeightsError} */
export function parseGgufHeader(bytes: Uint8Array): GgufHeader {
  const parser = createGgufHeaderParser();
  return parser.push(bytes) ?? parser.finish();
}

function* readHeader(queue: ByteQueue, reader: ValueReader): Reading<GgufHeader> {
  const magic = yield* reader.u32();
  if (magic !== MAGIC) throw new WeightsError('not-gguf', `not a gguf file: starts with 0x${magic.toString(16)}`);
  const version = yield* reader.u32();
  if (version !== 3)
    throw new WeightsError('gguf-version', `gguf version ${version}, 3 expected`, { value: version, limit: 3 });
  const tensorCount = yield* reader.count('tensors', MAX_TENSORS);
  const entryCount = yield* reader.count('metadata entries', MAX_METADATA_ENTRIES);
  const metadata = new GgufMetadata(yield* readEntries(reader, entryCount));
  const alignment = readAlignment(metadata);
  const rows: TableRow[] = [];
  for (let i = 0; i < tensorCount; i++) rows.push(yield* readRow(reader, alignment));
  const headerBytes = Math.ceil(queue.consumed / alignment) * alignment;
  return { metadata, tensors: placeTensors(rows, headerBytes), alignment, headerBytes };
}

function* readEntries(reader: ValueReader, count: number): Reading<Map<string, GgufValue>> {
  const entries = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = yield* reader.name();
    if (entries.has(key)) throw new WeightsError('gguf-metadata', `gguf metadata ${key} is said twice`, { name: key });
    entries.set(key, yield* reader.value(key));
  }
  return entries;
}

function readAlignment(metadata: GgufMetadata): number {
  const key = 'general.alignment';
  if (!metadata.entries.has(key)) return DEFAULT_ALIGNMENT;
  const value = metadata.number(key) ?? 0;
  if (!Number.isInteger(value) || value < 1 || value > MAX_ALIGNMENT || !Number.isInteger(Math.log2(value))) {
    throw new WeightsError('gguf-metadata', `gguf alignment ${value} is no power of two up to ${MAX_ALIGNMENT}`, {
      name: key,
      value,
      limit: MAX_ALIGNMENT,
    });
  }
  return value;
}

/** A tensor before the start of the data section is known. */
type TableRow = Omit<GgufTensor, 'start'> & { readonly offset: number };

function* readRow(reader: ValueReader, alignment: number): Reading<TableRow> {
  const name = yield* reader.name();
  const dims = yield* readDims(reader, name);
  const typeId = yield* reader.u32();
  const type = tensorTypeById(typeId);
  if (type === undefined) {
    throw new WeightsError('gguf-tensor-type', `gguf tensor ${name} has type ${typeId}, which is not supported`, {
      name,
      value: typeId,
    });
  }
  const { blockElements } = TENSOR_TYPES[type];
  const [inputs = 0] = dims;
  if (inputs % blockElements !== 0) {
    throw new WeightsError(
      'gguf-tensor-shape',
      `gguf tensor ${name}: rows of ${inputs} are no whole blocks of ${blockElements}`,
      {
        name,
        value: inputs,
        limit: blockElements,
      },
    );
  }
  const offset = yield* reader.count(`offset of tensor ${name}`, MAX_FILE_BYTES);
  if (offset % alignment !== 0) {
    throw new WeightsError(
      'gguf-tensor-offset',
      `gguf tensor ${name} starts at ${offset}, no multiple of ${alignment}`,
      {
        name,
        value: offset,
        limit: alignment,
      },
    );
  }
  return {
    name,
    dims,
    type,
    offset,
    sizeBytes: tensorBytes(
      type,
      dims.reduce((a, b) => a * b, 1),
    ),
  };
}

function* readDims(reader: ValueReader, name: string): Reading<number[]> {
  const count = yield* reader.u32();
  if (count < 1 || count > MAX_DIMENSIONS) {
    throw new WeightsError(
      'gguf-tensor-shape',
      `gguf tensor ${name} has ${count} dimensions, 1 to ${MAX_DIMENSIONS} allowed`,
      {
        name,
        value: count,
        limit: MAX_DIMENSIONS,
      },
    );
  }
  const dims: number[] = [];
  let elements = 1;
  for (let i = 0; i < count; i++) {
    const size = yield* reader.count(`dimension of tensor ${name}`, MAX_FILE_BYTES);
    elements *= size;
    if (elements < 1 || elements > MAX_FILE_BYTES) {
      throw new WeightsError(
        'gguf-tensor-shape',
        `gguf tensor ${name} has ${elements} elements, 1 to ${MAX_FILE_BYTES} allowed`,
        {
          name,
          value: elements,
          limit: MAX_FILE_BYTES,
        },
      );
    }
    dims.push(size);
  }
  return dims;
}

/** Places the rows in the file and refuses two of one name or over the same bytes. */
function placeTensors(rows: readonly TableRow[], headerBytes: number): GgufTensor[] {
  const names = new Set<string>();
  for (const { name } of rows) {
    if (names.has(name)) throw new WeightsError('gguf-tensor-duplicate', `gguf tensor ${name} is said twice`, { name });
    names.add(name);
  }
  let end = 0;
  for (const row of rows.toSorted((a, b) => a.offset - b.offset)) {
    if (row.offset < end) {
      throw new WeightsError(
        'gguf-tensor-offset',
        `gguf tensor ${row.name} at ${row.offset} overlaps the one before it, which ends at ${end}`,
        {
          name: row.name,
          value: row.offset,
          limit: end,
        },
      );
    }
    end = row.offset + row.sizeBytes;
  }
  return rows.map(({ offset, ...row }) => ({ ...row, start: headerBytes + offset }));
}
