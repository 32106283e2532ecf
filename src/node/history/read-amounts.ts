import type { NodeSnapshot } from '../snapshot.ts';
import type { Reading } from './history-recorder.ts';

/** What the history notes of a snapshot. */
export function readAmounts({ phase, tokensServed, runningSequences, models }: NodeSnapshot): Reading {
  const sum = (name: 'fromPeersBytes' | 'fromWebSeedBytes' | 'uploadedBytes') =>
    models.reduce((bytes, model) => bytes + model[name], 0);
  return {
    tokens: tokensServed,
    fromPeersBytes: sum('fromPeersBytes'),
    fromWebSeedBytes: sum('fromWebSeedBytes'),
    uploadedBytes: sum('uploadedBytes'),
    isServing: phase === 'serving',
    isBusy: runningSequences > 0,
  };
}
