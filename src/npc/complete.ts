import type { PromptMessage } from './scene-prompt.ts';

export interface CompletionRequest {
  readonly messages: readonly PromptMessage[];
  /** The character's adapter, as its content address; undefined asks the base model. */
  readonly adapter: string | undefined;
  /** The answer must be one of these, where the engine can hold it to them; undefined: any text. */
  readonly choices: readonly string[] | undefined;
  readonly maxTokens: number;
  readonly temperature: number;
  /** 32 bits; the same seed gives the same answer on the same model. */
  readonly seed: number;
  /** Called with each new piece of the answer. */
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface Completion {
  readonly text: string;
  /** Who computed it: `device`, or the id of a peer. */
  readonly by: string;
}

/** What the kit needs of a model: Starling's node has it, a test or another engine can have it too. */
export type Complete = (request: CompletionRequest) => Promise<Completion>;
