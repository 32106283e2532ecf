import type { StudioChoice } from './kept-run.ts';

/** How a run that a problem stopped can go on from its last checkpoint. */
export type Remedy =
  | { readonly kind: 'smaller'; /** Tokens of a micro-batch. */ readonly batchTokens: number }
  | { readonly kind: 'slower'; /** Learning rate at its highest. */ readonly peak: number };

/** A rate that diverged is rarely too high by less. */
const SLOWER = 10;

/** What can be done about an error of training, here or in its worker; undefined if nothing by a click. */
export function remedyFor(error: unknown, { settings, sizes }: StudioChoice): Remedy | undefined {
  if (!(error instanceof Error) || error.name !== 'TrainingError') return undefined;
  const { code, details } = error as { readonly code?: unknown; readonly details?: { readonly limit?: unknown } };
  if (code === 'diverged') return { kind: 'slower', peak: settings.rate.peak / SLOWER };
  const limit = details?.limit;
  if (code !== 'out-of-memory' || typeof limit !== 'number' || limit >= sizes.batchTokens) return undefined;
  return { kind: 'smaller', batchTokens: limit };
}
