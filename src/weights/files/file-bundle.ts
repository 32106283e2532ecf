import {
  array,
  integer,
  maxLength,
  maxValue,
  minLength,
  minValue,
  number,
  parse,
  pipe,
  regex,
  strictObject,
  string,
  type InferOutput,
} from 'valibot';
import { concatBytes, type Bytes } from '../../base/bytes.ts';
import { WeightsError } from '../errors.ts';

/**
 * A folder as one file, so that it travels like a GGUF: `STARFILE`, u32 version 1, u32 length of the index, the index
 * (JSON in UTF-8, padded with spaces to 8 bytes), then every file's bytes in the index's order, without gaps.
 */
const MAGIC = new TextEncoder().encode('STARFILE');
const VERSION = 1;
const FIXED_BYTES = MAGIC.byteLength + 8;
/** Of an index: 1,024 entries of the longest names take less. */
const MAX_INDEX_BYTES = 512 * 1024;

const bundleIndex = strictObject({
  files: pipe(
    array(
      strictObject({
        /** Relative, with forward slashes; no part begins with a dot. */
        name: pipe(string(), maxLength(200), regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/)),
        sizeBytes: pipe(number(), integer(), minValue(0), maxValue(2 ** 40)),
      }),
    ),
    minLength(1),
    maxLength(1024),
  ),
});

/** One file of a bundle, at its place in the bundle's bytes. */
export interface BundledFile {
  readonly name: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface BundleIndex {
  /** Bytes before the first file's. */
  readonly headerBytes: number;
  readonly sizeBytes: number;
  readonly files: readonly BundledFile[];
}

/** Whether bytes begin as a bundle does. */
export function isBundle(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** The bytes that stand before the files. @throws {WeightsError} `bundle-invalid` for names that may not travel */
export function bundleHeader(files: InferOutput<typeof bundleIndex>['files']): Bytes {
  const text = JSON.stringify(checkIndex({ files }));
  const index = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, VERSION, true);
  head.setUint32(4, index.byteLength, true);
  return concatBytes([MAGIC, new Uint8Array(head.buffer), index]);
}

/**
 * Reads a bundle's index.
 *
 * @param bytes the bundle's beginning, at least the header
 * @throws {WeightsError} `bundle-invalid`
 */
export function parseBundle(bytes: Uint8Array): BundleIndex {
  if (bytes.byteLength < FIXED_BYTES || !isBundle(bytes)) throw invalid('it does not begin as one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw invalid(`version ${version}, this build reads ${VERSION}`);
  const indexBytes = view.getUint32(12, true);
  if (indexBytes > MAX_INDEX_BYTES) throw invalid(`an index of ${indexBytes} bytes, limit ${MAX_INDEX_BYTES}`);
  const headerBytes = FIXED_BYTES + indexBytes;
  if (bytes.byteLength < headerBytes) throw invalid(`it ends at byte ${bytes.byteLength}, within its index`);
  let end = headerBytes;
  const { files } = checkIndex(readJson(bytes.subarray(FIXED_BYTES, headerBytes)));
  const placed = files.map(({ name, sizeBytes }) => {
    const start = end;
    end += sizeBytes;
    return { name, start, end };
  });
  if (!Number.isSafeInteger(end)) throw invalid('its files are larger than any disk');
  return { headerBytes, sizeBytes: end, files: placed };
}

function checkIndex(index: unknown): InferOutput<typeof bundleIndex> {
  let checked: InferOutput<typeof bundleIndex>;
  try {
    checked = parse(bundleIndex, index);
  } catch (cause) {
    throw invalid('its index is malformed, or names a file outside its folder', cause);
  }
  const names = new Set(checked.files.map(({ name }) => name));
  if (names.size !== checked.files.length) throw invalid('it names a file twice');
  return checked;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid('its index is no JSON', cause);
  }
}

function invalid(reason: string, cause?: unknown): WeightsError {
  return new WeightsError('bundle-invalid', `no bundle of files: ${reason}; fetch or build it again`, {}, { cause });
}
