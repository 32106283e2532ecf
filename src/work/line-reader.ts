import { concatBytes } from '../base/bytes.ts';
import { MAX_LINE_BYTES } from './constants.ts';

/** One line that is not blank: its text, or why it has none. */
export type TextLine =
  /** `line` counts from 1 and counts blank lines too, as an editor does. */
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly fault: 'line-too-long' | 'not-utf8' };

const LINE_FEED = 0x0a;

/**
 * The lines of a file as they are read from it: never more than one line of at most 1 MiB is in memory, whatever the
 * file holds; of a longer line only the number is reported. Blank lines are left out; a final line feed is not needed.
 *
 * @param onBytes sees every chunk once, in order, e.g. to hash the file on the way
 */
export async function* readLines(
  file: Blob,
  onBytes: (bytes: Uint8Array) => void,
  signal?: AbortSignal,
): AsyncGenerator<TextLine, void> {
  const reader = file.stream().getReader();
  const parts: Uint8Array[] = [];
  let held = 0;
  let line = 1;
  const keep = (part: Uint8Array) => {
    held += part.byteLength;
    if (held <= MAX_LINE_BYTES) parts.push(part);
    else parts.length = 0;
  };
  const take = () => {
    const taken = held > MAX_LINE_BYTES ? ({ line, fault: 'line-too-long' } as const) : decodeLine(line, parts);
    parts.length = 0;
    held = 0;
    line += 1;
    return taken;
  };
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      onBytes(value);
      let start = 0;
      for (let end = value.indexOf(LINE_FEED); end >= 0; end = value.indexOf(LINE_FEED, start)) {
        keep(value.subarray(start, end));
        start = end + 1;
        const taken = take();
        if (taken) yield taken;
      }
      // A copy: the rest of the chunk need not stay in memory for it.
      if (start < value.byteLength) keep(value.slice(start));
    }
    const last = take();
    if (last) yield last;
  } finally {
    await reader.cancel();
  }
}

function decodeLine(line: number, parts: readonly Uint8Array[]): TextLine | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(concatBytes(parts)).trim();
    return text === '' ? undefined : { line, text };
  } catch {
    return { line, fault: 'not-utf8' };
  }
}
