import {
  array,
  integer,
  maxLength,
  minValue,
  number,
  picklist,
  pipe,
  record,
  safeParse,
  strictObject,
  string,
  tuple,
} from 'valibot';
import { WeightsError } from '../errors.ts';

/** Bytes of one number of each type that is read; those of less than a byte are not. */
export const SAFETENSORS_TYPES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;
export type SafetensorsType = keyof typeof SAFETENSORS_TYPES;

export interface SafetensorsTensor {
  readonly name: string;
  readonly type: SafetensorsType;
  /** Slowest-varying first: `[rows, columns]` for a matrix. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly sizeBytes: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order in which their bytes lie in the file. */
  readonly tensors: readonly SafetensorsTensor[];
  /** Bytes before the first tensor's. */
  readonly headerBytes: number;
  /** Bytes of the whole file. */
  readonly sizeBytes: number;
}

/** Of the header's length, which stands first. */
export const LENGTH_BYTES = 8;
export const METADATA_KEY = '__metadata__';
/** The format allows 100 MB; a file of 10,000 tensors takes 1.5 MB. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

const whole = pipe(number(), integer(), minValue(0));
const entry = strictObject({
  dtype: picklist(Object.keys(SAFETENSORS_TYPES) as SafetensorsType[]),
  shape: pipe(array(whole), maxLength(8)),
  data_offsets: tuple([whole, whole]),
});
const texts = record(string(), string());

/**
 * Reads the header of a safetensors file: u64 length, JSON, then the tensors' bytes without gaps.
 *
 * @param bytes the file's beginning, at least its header
 * @throws {WeightsError} `safetensors-invalid`
 * @see https://github.com/huggingface/safetensors
 */
export function parseSafetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  if (bytes.byteLength < LENGTH_BYTES) throw invalid(`it has ${bytes.byteLength} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw invalid(`its header is of ${length} bytes, limit ${MAX_HEADER_BYTES}`);
  const headerBytes = LENGTH_BYTES + Number(length);
  if (bytes.byteLength < headerBytes) throw invalid(`it ends at byte ${bytes.byteLength}, within its header`);
  const json = readJson(bytes.subarray(LENGTH_BYTES, headerBytes));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('its header is no JSON object');
  const { [METADATA_KEY]: metadata = {}, ...rest } = json as Record<string, unknown>;
  const checkedMetadata = safeParse(texts, metadata);
  if (!checkedMetadata.success) throw invalid('its metadata is not of texts');
  const tensors = Object.entries(rest).map(([name, value]) => readEntry(name, value, headerBytes));
  tensors.sort((a, b) => a.start - b.start || a.sizeBytes - b.sizeBytes);
  let end = headerBytes;
  for (const { name, start, sizeBytes } of tensors) {
    if (start !== end) throw invalid(`tensor ${name} starts at ${start}, the one before it ends at ${end}`);
    end += sizeBytes;
  }
  return { metadata: checkedMetadata.output, tensors, headerBytes, sizeBytes: end };
}

function readEntry(name: string, value: unknown, headerBytes: number): SafetensorsTensor {
  const shown = name.slice(0, 100);
  const parsed = safeParse(entry, value);
  if (!parsed.success) throw invalid(`tensor ${shown} has no known type, shape and place`);
  const { dtype: type, shape, data_offsets: offsets } = parsed.output;
  const sizeBytes = shape.reduce((a, b) => a * b, SAFETENSORS_TYPES[type]);
  const [from, to] = offsets;
  if (!Number.isSafeInteger(to) || !Number.isSafeInteger(sizeBytes) || to - from !== sizeBytes) {
    throw invalid(`tensor ${shown} of ${shape.join('×')} ${type} cannot be of ${to - from} bytes`);
  }
  return { name, type, shape, start: headerBytes + from, sizeBytes };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid('its header is no JSON', cause);
  }
}

function invalid(reason: string, cause?: unknown): WeightsError {
  return new WeightsError('safetensors-invalid', `no safetensors file: ${reason}; fetch it again`, {}, { cause });
}
