/** Which characters a place of a pattern may hold: ASCII by code, and whether any other may stand there. */
export interface CharacterSet {
  readonly codes: ReadonlySet<number>;
  readonly beyond: 'none' | 'all' | 'no-line-ends';
}

/** What JSON writes as a backslash and a letter. */
const SHORT_ESCAPES = new Map([
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
]);
/** Printable ASCII and the control characters that have a short escape: what a text of ours may hold of it. */
const WRITABLE = [...SHORT_ESCAPES.keys(), ...Array.from({ length: 0x60 }, (_, i) => 0x20 + i)];

/** Beyond ASCII: whole characters in UTF-8, and those without U+2000 to U+2FFF, where line separators are. */
const BEYOND = {
  all: 'utf8_two | utf8_three | utf8_four',
  'no-line-ends': String.raw`utf8_two | ([\xe0] [\xa0-\xbf] | [\xe1\xe3-\xec\xee-\xef] [\x80-\xbf] | [\xed] [\x80-\x9f]) [\x80-\xbf] | utf8_four`,
};

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const DIGITS = range(0x30, 0x39);
const WORDS = [...DIGITS, ...range(0x41, 0x5a), 0x5f, ...range(0x61, 0x7a)];
const SPACES = [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20];
/** `\d`, `\w` and `\s` as far as ASCII goes; the last has members beyond. */
const NAMED: Readonly<Record<string, readonly number[]>> = { d: DIGITS, w: WORDS, s: SPACES };

/** The class of `\d`, `\D`, `\w`, `\W`, `\s` or `\S`; undefined for another letter. */
export function namedSet(letter: string): CharacterSet | undefined {
  const members = NAMED[letter.toLowerCase()];
  if (!members) return undefined;
  const set: CharacterSet = { codes: new Set(members), beyond: 'none' };
  if (letter === letter.toLowerCase()) return set;
  // Blanks beyond ASCII are many: what is no blank is taken from ASCII alone.
  return letter === 'S' ? { ...complement(set), beyond: 'none' } : complement(set);
}

/** All that is not in a set of ASCII alone. */
export function complement({ codes }: CharacterSet): CharacterSet {
  return { codes: new Set(WRITABLE.filter((code) => !codes.has(code))), beyond: 'all' };
}

/** `.` */
export const ANY_CHARACTER: CharacterSet = {
  codes: new Set(WRITABLE.filter((code) => code !== 0x0a && code !== 0x0d)),
  beyond: 'no-line-ends',
};

/** EBNF of one such character inside a JSON string; undefined if there is none that we write. */
export function setGrammar({ codes, beyond }: CharacterSet): string | undefined {
  const writable = WRITABLE.filter((code) => codes.has(code));
  const plain = writable.filter((code) => !SHORT_ESCAPES.has(code)).toSorted((a, b) => a - b);
  const escaped = writable.flatMap((code) => SHORT_ESCAPES.get(code) ?? []);
  const parts = [
    ...(plain.length > 0 ? [`[${plain.map((code) => hex(code)).join('')}]`] : []),
    ...(escaped.length > 0 ? [`"\\\\" [${escaped.map((letter) => hex(letter.charCodeAt(0))).join('')}]`] : []),
    ...(beyond === 'none' ? [] : [BEYOND[beyond]]),
  ];
  return parts.length === 0 ? undefined : `(${parts.join(' | ')})`;
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}
