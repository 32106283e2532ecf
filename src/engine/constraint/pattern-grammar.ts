import { ANY_CHARACTER, complement, namedSet, range, setGrammar, type CharacterSet } from './character-set.ts';
import { ebnfLiteral } from './ebnf.ts';
import { schemaFault } from './schema-fault.ts';

const MAX_CHARS = 512;
const MAX_DEPTH = 16;
/** Of characters, when everything is said as often as it may be at least or at most. */
const MAX_STATES = 4096;

/** A piece of a pattern as EBNF, and how many characters its grammar spells. */
interface Piece {
  readonly text: string;
  readonly states: number;
}

/**
 * EBNF of the JSON strings that a regular expression (ECMA-262, with the flag `u`) spells: where it has no anchors, others
 * contain such a string, but nothing would lead a text there. Lookaround, references to groups, word boundaries,
 * properties and classes beyond ASCII cannot be held to; anchors stand at the ends alone.
 *
 * @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-too-large`
 */
export function patternGrammar(pattern: string, at: string): string {
  if (pattern.length > MAX_CHARS)
    throw schemaFault('constraint-too-large', at, `${pattern.length} characters, at most ${MAX_CHARS} can be held to`);
  try {
    RegExp(pattern, 'u');
  } catch {
    throw schemaFault('constraint-invalid', at, 'a regular expression expected');
  }
  return `"\\"" ${new PatternReader(pattern, at).read()} "\\""`;
}

/** A pattern that is known to be well-formed, read from its start. */
class PatternReader {
  readonly #characters: readonly string[];
  readonly #at: string;
  #next = 0;

  constructor(pattern: string, at: string) {
    this.#characters = Array.from(pattern);
    this.#at = at;
  }

  read(): string {
    const alternatives: string[] = [];
    do alternatives.push(this.#whole());
    while (this.#skip('|'));
    return `(${alternatives.join(' | ')})`;
  }

  /** An alternative of the whole pattern, with or without its anchors. */
  #whole(): string {
    this.#skip('^');
    const { text } = this.#sequence(0, true);
    this.#skip('$');
    const next = this.#peek();
    if (next !== undefined && next !== '|') throw this.#refusal('an anchor inside');
    return text;
  }

  #sequence(depth: number, isOutermost: boolean): Piece {
    if (depth > MAX_DEPTH) throw schemaFault('constraint-too-large', this.#at, `deeper than ${MAX_DEPTH} groups`);
    const pieces: Piece[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      if (isOutermost && next === '$') break;
      pieces.push(this.#repeated(this.#atom(depth)));
    }
    const states = pieces.reduce((sum, piece) => sum + piece.states, 0);
    return { text: pieces.length === 0 ? '""' : pieces.map(({ text }) => text).join(' '), states };
  }

  #atom(depth: number): Piece {
    const character = this.#take();
    if (character === '(') return this.#group(depth);
    if (character === '[') return this.#one(this.#class());
    if (character === '.') return this.#one(ANY_CHARACTER);
    if (character === '^' || character === '$') throw this.#refusal('an anchor inside');
    if (character !== '\\') return literal(character);
    const set = namedSet(this.#peek() ?? '');
    if (!set) return literal(this.#escape());
    this.#take();
    return this.#one(set);
  }

  #group(depth: number): Piece {
    if (this.#skip('?')) {
      if (!this.#skip(':')) throw this.#refusal('a group other than (…) and (?:…)');
    }
    const parts: Piece[] = [];
    do parts.push(this.#sequence(depth + 1, false));
    while (this.#skip('|'));
    this.#take();
    return {
      text: `(${parts.map(({ text }) => text).join(' | ')})`,
      states: parts.reduce((sum, { states }) => sum + states, 0),
    };
  }

  #repeated(piece: Piece): Piece {
    const bounds = this.#bounds();
    if (!bounds) return piece;
    // Whether it takes few or many first decides which is found, not whether.
    this.#skip('?');
    const [least, most] = bounds;
    const states = piece.states * Math.max(1, most ?? least + 1);
    if (states > MAX_STATES)
      throw schemaFault('constraint-too-large', this.#at, `${states} characters, at most ${MAX_STATES} can be held to`);
    const times = most === undefined ? (least === 0 ? '*' : `{${least},}`) : `{${least},${most}}`;
    return most === 0 ? { text: '""', states: 0 } : { text: `(${piece.text})${times}`, states };
  }

  #bounds(): readonly [number, number | undefined] | undefined {
    if (this.#skip('*')) return [0, undefined];
    if (this.#skip('+')) return [1, undefined];
    if (this.#skip('?')) return [0, 1];
    if (!this.#skip('{')) return undefined;
    const least = this.#digits();
    const most = this.#skip(',') ? (this.#peek() === '}' ? undefined : this.#digits()) : least;
    this.#take();
    return [least, most];
  }

  #digits(): number {
    let text = '';
    while (/^\d$/.test(this.#peek() ?? '')) text += this.#take();
    return Number(text);
  }

  #class(): CharacterSet {
    const isNegated = this.#skip('^');
    const codes = new Set<number>();
    let beyond: CharacterSet['beyond'] = 'none';
    while (!this.#skip(']')) {
      const first = this.#member();
      if (typeof first !== 'number') {
        for (const code of first.codes) codes.add(code);
        if (first.beyond !== 'none') beyond = first.beyond;
        // A blank beyond ASCII is one as well.
        if (isNegated && first.codes.has(0x20)) throw this.#refusal('a class of all but blanks');
        continue;
      }
      const isRange = this.#peek() === '-' && this.#characters[this.#next + 1] !== ']';
      if (isRange) this.#take();
      const last = isRange ? this.#member() : first;
      if (typeof last !== 'number') throw this.#refusal('a range that ends in a class');
      for (const code of range(first, last)) codes.add(code);
    }
    if (isNegated && beyond !== 'none') throw this.#refusal('a class of all but a negated one');
    return isNegated ? complement({ codes, beyond }) : { codes, beyond };
  }

  /** One character of a class, or a class within. */
  #member(): number | CharacterSet {
    const character = this.#take();
    const set = character === '\\' ? namedSet(this.#peek() ?? '') : undefined;
    if (set) {
      this.#take();
      return set;
    }
    const code = (character === '\\' ? this.#escape() : character).codePointAt(0) ?? 0;
    if (code > 0x7f) throw this.#refusal('a class beyond ASCII');
    return code;
  }

  /** The character that stands behind a backslash. */
  #escape(): string {
    const letter = this.#take();
    const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', '-': '-' };
    const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
    if (control !== undefined) return control;
    const digits = letter === 'x' ? 2 : letter === 'u' && this.#peek() !== '{' ? 4 : 0;
    if (digits > 0) {
      const code = Number.parseInt(Array.from({ length: digits }, () => this.#take()).join(''), 16);
      if (code >= 0xd800 && code < 0xe000) throw this.#refusal('half a character');
      return String.fromCodePoint(code);
    }
    if (/^[A-Za-z0-9]$/.test(letter)) throw this.#refusal(`\\${letter}`);
    return letter;
  }

  #one(set: CharacterSet): Piece {
    const text = setGrammar(set);
    if (text === undefined) throw this.#refusal('a class without a character');
    return { text, states: 1 };
  }

  #peek(): string | undefined {
    return this.#characters[this.#next];
  }

  #take(): string {
    return this.#characters[this.#next++] ?? '';
  }

  #skip(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#next++;
    return true;
  }

  #refusal(what: string) {
    return schemaFault('constraint-unsupported', this.#at, `${what} cannot be held to; say it in another way`);
  }
}

/** A character as a JSON string holds it. */
function literal(character: string): Piece {
  return { text: ebnfLiteral(JSON.stringify(character).slice(1, -1)), states: 1 };
}
