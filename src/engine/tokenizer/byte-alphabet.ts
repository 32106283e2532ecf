/**
 * The 256 characters that stand for bytes in byte-level BPE vocabularies: printable Latin-1 stands for itself, the other
 * bytes take the code points from 256 on, in order (GPT-2's `bytes_to_unicode`).
 */
export const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = byteAlphabet();

function byteAlphabet(): Map<string, number> {
  const isPrintable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || byte > 173;
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) map.set(String.fromCodePoint(isPrintable(byte) ? byte : next++), byte);
  return map;
}
