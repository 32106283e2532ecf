/** What to send for a request with or without a `Range` header. */
export type RangeAnswer =
  | { readonly status: 200 }
  /** Both inclusive. */
  | { readonly status: 206; readonly first: number; readonly last: number }
  | { readonly status: 416 };

/**
 * Reads a `Range` header of one range (RFC 9110, section 14). Several ranges, other units and nonsense are ignored, as
 * the RFC allows: then the whole file is the answer.
 *
 * @param ifRange the `If-Range` header; the range counts only if it names the file as it is now
 */
export function answerRange(
  header: string | undefined,
  ifRange: string | undefined,
  file: { readonly sizeBytes: number; readonly etag: string },
): RangeAnswer {
  if (header === undefined || (ifRange !== undefined && ifRange !== file.etag)) return { status: 200 };
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header.trim());
  const [, from = '', to = ''] = match ?? [];
  if (!match || (from === '' && to === '')) return { status: 200 };
  const end = file.sizeBytes - 1;
  if (from === '') {
    const count = Number(to);
    return count === 0 ? { status: 416 } : { status: 206, first: Math.max(0, file.sizeBytes - count), last: end };
  }
  const first = Number(from);
  const last = to === '' ? end : Math.min(Number(to), end);
  if (to !== '' && Number(to) < first) return { status: 200 };
  return first > end ? { status: 416 } : { status: 206, first, last };
}
