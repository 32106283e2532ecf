import { AppError } from '../base/app-error.ts';

/**
 * - `scene-invalid`: the scene does not fit its schema; the message names the place. The game must mend it.
 * - `scene-too-large`: more facts, actions, turns or letters than a prompt takes. Leave out what the character need not know.
 * - `scene-contradictory`: two facts say different things of the same. The game must decide which one holds.
 * - `memory-invalid`: what the game kept of a meeting does not fit its schema. Begin with an empty memory.
 */
export type NpcErrorCode = 'scene-invalid' | 'scene-too-large' | 'scene-contradictory' | 'memory-invalid';

/** `path` is where in the scene, e.g. `facts.3`; `limit` what is allowed there. */
export interface NpcErrorDetails {
  readonly path?: string;
  readonly value?: number;
  readonly limit?: number;
}

/** A fault of the game that called; a fault of the model never throws, it leads to the scripted line. */
export class NpcError extends AppError<NpcErrorCode, NpcErrorDetails> {
  override readonly name = 'NpcError';
}
