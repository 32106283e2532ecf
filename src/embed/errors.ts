import { AppError } from '../base/app-error.ts';

/**
 * - `adapter-missing`: a character asked for an adapter that this device does not hold; its script speaks instead
 * - `bad-attribute`: the script tag has an attribute that is unknown or malformed; nothing is shown
 * - `bad-message`: a message does not fit its schema; it was dropped
 * - `blocked`: the frame did not answer: a content policy, an ad blocker or the network kept it away
 * - `consent-required`: only a person's click on the sheet starts anything
 * - `no-model`: no model that the operator offers is small enough for what the tag allows
 * - `others-refused`: the tag does not ask, or the person did not agree, that others answer this page's questions
 * - `broken-answer`: what came back is none of the choices
 * - `foreign-origin`: a message came from an origin that has no part in this; it was dropped
 * - `site-unlisted`: the operator does not know this site key, or not for this origin
 */
export type EmbedErrorCode =
  | 'adapter-missing'
  | 'bad-attribute'
  | 'bad-message'
  | 'blocked'
  | 'consent-required'
  | 'no-model'
  | 'others-refused'
  | 'broken-answer'
  | 'foreign-origin'
  | 'site-unlisted';

/** What an embedding site is told; the faults of the node keep their own names. */
export class EmbedError extends AppError<EmbedErrorCode, { readonly name?: string }> {
  override readonly name = 'EmbedError';
}
