/** Bytes [start, end] of a file, both included, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

// 15 digits stay exact in a double; more is no file of this world.
const ONE_RANGE = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i;

/**
 * Reads a `Range` header of one range (RFC 9110, section 14).
 *
 * @returns undefined to answer with the whole file: no header, another unit, several ranges or malformed text, all of
 *   which a server may ignore; `unsatisfiable` to answer 416
 */
export function parseByteRange(
  header: string | null | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = ONE_RANGE.exec(header ?? '');
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Math.min(Number(last), sizeBytes);
    return count === 0 ? 'unsatisfiable' : { start: sizeBytes - count, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end };
}
