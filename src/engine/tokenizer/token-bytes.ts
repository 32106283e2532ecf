import { BYTE_OF_CHARACTER } from './byte-alphabet.ts';
import { TOKEN_TYPE, type Vocabulary } from './tokenizer-json.ts';

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;
const encoder = new TextEncoder();

/** The UTF-8 bytes that a token adds to the text; none for control tokens and ids outside the vocabulary. */
export function tokenBytes(vocabulary: Vocabulary, id: number): Uint8Array {
  const token = vocabulary.tokens[id] ?? '';
  const type = vocabulary.types[id] ?? TOKEN_TYPE.normal;
  if (type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown) return new Uint8Array(0);
  if (type === TOKEN_TYPE.userDefined) return encoder.encode(token);
  if (vocabulary.kind === 'spm') {
    const byte = BYTE_TOKEN.exec(token)?.[1];
    return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : encoder.encode(token.replaceAll('▁', ' '));
  }
  const characters = Array.from(token);
  const bytes = characters.map((character) => BYTE_OF_CHARACTER.get(character));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : encoder.encode(token);
}

/** Turns tokens into text as they come: a character appears when its last byte has, never in halves. */
export interface Detokeniser {
  push(id: number): string;
  /** What is left of an incomplete character, as U+FFFD. */
  end(): string;
}

export function createDetokeniser(vocabulary: Vocabulary): Detokeniser {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (id) => decoder.decode(tokenBytes(vocabulary, id), { stream: true }),
    end: () => decoder.decode(),
  };
}
