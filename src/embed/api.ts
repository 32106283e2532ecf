import type { Completion, NpcLine, PromptMessage, Scene } from '../npc/index.ts';

/**
 * - `loading`: the frame has not answered yet
 * - `off`: nothing runs; the person has not agreed, or no longer does
 * - `asking`: the sheet is open
 * - `starting`: agreed; the model is fetched and moved onto the GPU
 * - `on`: this device computes
 * - `paused`: agreed, but the person or the page said wait
 * - `failed`: it cannot run here; `problem` says why
 */
export const EMBED_STATES = ['loading', 'off', 'asking', 'starting', 'on', 'paused', 'failed'] as const;
export type EmbedState = (typeof EMBED_STATES)[number];

/** Why something did not go: a closed code and a sentence for the page's own log. */
export interface EmbedProblem {
  readonly code: string;
  readonly message: string;
}

export interface EmbedEvents {
  /** What it does has changed. */
  readonly state: { readonly state: EmbedState; readonly problem: EmbedProblem | undefined };
  /** Something was refused or failed; nothing is ever thrown into the page. */
  readonly error: EmbedProblem;
}

export interface AskOptions {
  readonly maxTokens?: number;
  readonly temperature?: number;
  /** `swarm`: by whoever shares the model, where the tag asks for it and the person agreed; whole, not word by word. */
  readonly where?: 'device' | 'swarm';
  /** The answer must be one of these. */
  readonly choices?: readonly string[];
  readonly onText?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface EmbedSayOptions {
  /** Lines of the game's writers, for when nothing else may be said; taken in turn. */
  readonly fallback?: readonly string[];
  /** The character's adapter, by its content address; one that is not offered here leaves the line to the script. */
  readonly adapter?: string;
  /** As for `complete`; where it may not be, the script speaks. */
  readonly where?: 'device' | 'swarm';
  /** Called in the page with a line that passed every other rule; false, or what it throws, gives the scripted line. */
  readonly accepts?: (line: NpcLine) => boolean;
  readonly onSentence?: (sentence: string) => void;
  readonly signal?: AbortSignal;
}

/** `window.Starling` in a page with the script tag. It cannot consent for anybody: only a click in the frame can. */
export interface StarlingApi {
  readonly version: string;
  readonly state: EmbedState;
  readonly problem: EmbedProblem | undefined;
  /** @returns ends it */
  on<Name extends keyof EmbedEvents>(name: Name, listener: (event: EmbedEvents[Name]) => void): () => void;
  /** Opens the sheet and resolves with the person's answer; `declined` also where no sheet can be shown. */
  consent(): Promise<'granted' | 'declined'>;
  /** Within 250 ms nothing computes. The person's own pause is not ended by `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the consent of this site on this device. */
  revoke(): void;
  /** @throws {EmbedError} `consent-required`, and whatever the node throws, by name */
  complete(messages: readonly PromptMessage[], options?: AskOptions): Promise<Completion>;
  readonly npc: {
    /** As `NpcKit.say`; without consent, frame or GPU it is the scripted line at once. Throws for an unsound scene only. */
    say(scene: Scene, options?: EmbedSayOptions): Promise<NpcLine>;
  };
}
