import { array, maxLength, picklist, pipe, strictObject, type InferOutput } from 'valibot';
import { modelRoot, wholeNumber } from './schema.ts';

/** Adapters that one was made from, and how. */
const MAX_PARENTS = 8;

/** What makes a file an adapter of a model. It stands in the file itself, so that its root covers it. */
export const adapterFacts = strictObject({
  /** The model that it changes. */
  base: modelRoot,
  rank: wholeNumber(1, 64),
  parents: pipe(
    array(strictObject({ root: modelRoot, relation: picklist(['continues', 'merges', 'distils']) })),
    maxLength(MAX_PARENTS),
  ),
});

export type AdapterFacts = InferOutput<typeof adapterFacts>;
