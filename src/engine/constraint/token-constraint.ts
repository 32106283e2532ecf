import type { CompiledGrammar, GrammarCompiler, GrammarMatcher } from '@mlc-ai/web-xgrammar';
import type { Constraint } from '../engine-api.ts';
import { EngineError } from '../errors.ts';
import type { ModelTokenizer } from '../tokenizer/model-tokenizer.ts';
import { tokenBytes } from '../tokenizer/token-bytes.ts';
import { choiceGrammar } from './choice-grammar.ts';
import { loadGrammarLibrary, type GrammarLibrary } from './grammar-library.ts';
import { schemaGrammar } from './schema-grammar.ts';

/** Where one answer stands within its grammar. */
export interface TokenConstraint {
  /**
   * (⌈vocabulary / 32⌉) bits of the tokens that may come next, end tokens where the text may end.
   *
   * @throws {EngineError} `constraint-stuck`
   */
  mask(): Promise<Uint32Array<ArrayBuffer>>;
  /** Forbids what the last mask does: logits of other tokens become −∞. */
  hide(logits: Float32Array): void;
  /** Goes on behind a token that the mask allows. */
  accept(token: number): void;
  /** Frees what WebAssembly holds of it. */
  dispose(): void;
}

interface Opened {
  readonly library: GrammarLibrary;
  readonly compiler: GrammarCompiler;
}

/** Grammars that stay compiled; each has the masks of its states, some MB for large vocabularies. */
const MAX_COMPILED = 16;

/** Makes constraints for one model's vocabulary; compiled grammars are kept for the next request with the same. */
export class ConstraintCompiler {
  readonly #tokenizer: ModelTokenizer;
  readonly #vocabulary: number;
  /** In the order of their last use. */
  readonly #compiled = new Map<string, CompiledGrammar>();
  #opening: Promise<Opened> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param vocabulary ids that the model has, which may be more than the tokenizer knows */
  constructor(tokenizer: ModelTokenizer, vocabulary: number) {
    this.#tokenizer = tokenizer;
    this.#vocabulary = vocabulary;
  }

  /**
   * @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-unsatisfiable`,
   * `constraint-too-large`, `constraint-stuck`
   */
  async create(constraint: Constraint): Promise<TokenConstraint> {
    const grammar = constraintGrammar(constraint);
    // One after the other: requests that come together have often the same grammar.
    const made = this.#turn.then(() => this.#create(grammar));
    this.#turn = made.catch(() => undefined);
    return made;
  }

  async #create(grammar: string): Promise<TokenConstraint> {
    this.#opening ??= open(this.#tokenizer, this.#vocabulary);
    const opened = await this.#opening;
    const compiled = this.#compiled.get(grammar) ?? (await opened.compiler.compileGrammar(grammar));
    this.#keep(grammar, compiled);
    return new MatcherConstraint(await opened.library.GrammarMatcher.createGrammarMatcher(compiled));
  }

  #keep(grammar: string, compiled: CompiledGrammar): void {
    this.#compiled.delete(grammar);
    this.#compiled.set(grammar, compiled);
    const [oldest] = this.#compiled;
    if (!oldest || this.#compiled.size <= MAX_COMPILED) return;
    this.#compiled.delete(oldest[0]);
    oldest[1].dispose();
  }
}

/**
 * The grammar of the texts that keep to a constraint.
 *
 * @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-unsatisfiable`, `constraint-too-large`
 */
export function constraintGrammar(constraint: Constraint): string {
  return 'choices' in constraint ? choiceGrammar(constraint.choices) : schemaGrammar(constraint.schema);
}

/** Tokens are given as the bytes that they add to a text; those that add none (control tokens) are never allowed. */
async function open(tokenizer: ModelTokenizer, vocabulary: number): Promise<Opened> {
  const endIds = [...tokenizer.endIds].filter((id) => id < vocabulary);
  if (endIds.length === 0)
    throw new EngineError(
      'constraint-stuck',
      'this model has no end token, so its answers cannot end where a grammar does',
    );
  const library = await loadGrammarLibrary();
  const bytes = Array.from({ length: vocabulary }, (_, id) => tokenBytes(tokenizer.vocabulary, id));
  // The binding takes a C++ string from bytes as well as from a text; its types know texts only.
  const info = await library.TokenizerInfo.createTokenizerInfo(
    bytes as unknown as string[],
    'raw',
    false,
    vocabulary,
    endIds,
  );
  return { library, compiler: await library.GrammarCompiler.createGrammarCompiler(info, false) };
}

class MatcherConstraint implements TokenConstraint {
  readonly #matcher: GrammarMatcher;
  #isOpen = true;
  #mask = new Uint32Array(0);

  constructor(matcher: GrammarMatcher) {
    this.#matcher = matcher;
  }

  async mask(): Promise<Uint32Array<ArrayBuffer>> {
    this.#mask = Uint32Array.from(await this.#matcher.getNextTokenBitmask());
    if (this.#mask.some((word) => word !== 0)) return this.#mask;
    throw new EngineError('constraint-stuck', "this model's vocabulary cannot spell what the constraint asks for here");
  }

  hide(logits: Float32Array): void {
    for (let id = 0; id < logits.length; id++) {
      if ((((this.#mask[id >>> 5] ?? 0) >>> (id & 31)) & 1) === 0) logits[id] = Number.NEGATIVE_INFINITY;
    }
  }

  accept(token: number): void {
    if (this.#matcher.acceptToken(token)) return;
    throw new TypeError(`token ${token} was drawn against its mask`);
  }

  dispose(): void {
    if (this.#isOpen) this.#matcher.dispose();
    this.#isOpen = false;
  }
}
