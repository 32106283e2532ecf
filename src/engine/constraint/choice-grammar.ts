import { EngineError } from '../errors.ts';
import { ebnfLiteral } from './ebnf.ts';

const MAX_CHOICES = 1024;
const MAX_CHOICES_CHARS = 32 * 1024;

/** The grammar of exactly one of the choices. @throws {EngineError} `constraint-invalid`, `constraint-too-large` */
export function choiceGrammar(choices: readonly string[]): string {
  const isList = Array.isArray(choices) && choices.every((choice) => typeof choice === 'string' && choice !== '');
  if (!isList || choices.length === 0)
    throw new EngineError('constraint-invalid', 'choices must be one or several texts, none empty');
  const characters = choices.reduce((sum, choice) => sum + choice.length, 0);
  if (choices.length > MAX_CHOICES || characters > MAX_CHOICES_CHARS) {
    const limits = `${MAX_CHOICES} with ${MAX_CHOICES_CHARS} allowed`;
    throw new EngineError('constraint-too-large', `${choices.length} choices with ${characters} characters, ${limits}`);
  }
  return `root ::= ${[...new Set(choices)].map(ebnfLiteral).join(' | ')}`;
}
