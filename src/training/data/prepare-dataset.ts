import type { ModelTokenizer } from '../../engine/index.ts';
import { encodeCompletion, encodeConversation } from './encode-rows.ts';
import { TrainingDataError } from './errors.ts';
import { parseTrainingJsonl, type TrainingExample } from './parse-jsonl.ts';
import { splitRows, type SplitRows } from './split-rows.ts';
import { rowPositions, type TokenRow } from './token-row.ts';

export interface DatasetOptions {
  /** Positions that a row may take: the model's context or the batch, whichever is less. */
  readonly maxPositions: number;
  /** Share of the rows that is set aside, in (0, 1). */
  readonly evaluationShare: number;
  readonly seed: number;
}

export interface Dataset extends SplitRows<TokenRow> {
  /** Of all rows. */
  readonly positions: number;
  /** Tokens that are learnt, of all rows. */
  readonly learnt: number;
}

/**
 * A training file as token rows, split and shuffled. The same file, model and seed give the same rows in the same order.
 *
 * @throws {TrainingDataError} for a file or row that cannot be used, with its line; {EngineError} `no-chat-template`,
 *   `chat-template-failed`
 */
export function prepareDataset(tokenizer: ModelTokenizer, jsonl: string, options: DatasetOptions): Dataset {
  const rows = parseTrainingJsonl(jsonl).map((example) => encodeExample(tokenizer, example, options.maxPositions));
  return {
    ...splitRows(rows, options.evaluationShare, options.seed),
    positions: rows.reduce((sum, row) => sum + rowPositions(row), 0),
    learnt: rows.reduce((sum, { isLearnt }) => sum + isLearnt.reduce((a, b) => a + b, 0), 0),
  };
}

/** @throws {TrainingDataError} `row-too-long`, and as `encodeConversation` and `encodeCompletion` */
export function encodeExample(tokenizer: ModelTokenizer, example: TrainingExample, maxPositions: number): TokenRow {
  const { line } = example;
  const row =
    example.kind === 'chat'
      ? encodeConversation(tokenizer, example.messages)
      : encodeCompletion(tokenizer, example.prompt, example.completion);
  const value = rowPositions(row);
  if (value <= maxPositions) return row;
  throw new TrainingDataError(
    'row-too-long',
    `line ${line} takes ${value} tokens, ${maxPositions} fit; shorten or split it`,
    { line, value, limit: maxPositions },
  );
}

/** A token as a person sees it before training. */
export interface PreviewToken {
  readonly id: number;
  /** What it adds to the text; control tokens by their name. Incomplete characters show as U+FFFD. */
  readonly text: string;
  readonly isControl: boolean;
  readonly isLearnt: boolean;
}

/** Exactly what the model reads of a row, and what of it is learnt. */
export function previewRow(tokenizer: ModelTokenizer, { tokens, isLearnt }: TokenRow): PreviewToken[] {
  return Array.from(tokens, (id, at) => {
    const text = tokenizer.decode([id]);
    const name = tokenizer.vocabulary.tokens[id] ?? '';
    return { id, text: text || name, isControl: text === '', isLearnt: isLearnt[at] === 1 };
  });
}
