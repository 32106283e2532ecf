import { exactOptional, maxLength, minLength, pipe, strictObject, string, type InferOutput } from 'valibot';
import { adapterFacts } from './adapter-facts.ts';
import { MAX_LICENCE_CHARS, MAX_SHARED_ADAPTER_BYTES } from './limits.ts';
import { adapterRoot, byteString, wholeNumber } from './schema.ts';

/**
 * What a peer tells of an adapter that it made and shares: enough to choose it by. The manifest, signed by that peer's
 * own key, decides; it is asked for with `adapter/ask`.
 */
export const adapterCard = strictObject({
  root: adapterRoot,
  name: pipe(string(), minLength(1), maxLength(128)),
  sizeBytes: wholeNumber(1, MAX_SHARED_ADAPTER_BYTES),
  /** SHA-1 under which its torrent is announced. */
  infoHash: byteString(20, 20),
  facts: adapterFacts,
  licence: exactOptional(pipe(string(), maxLength(MAX_LICENCE_CHARS))),
});

export type AdapterCard = InferOutput<typeof adapterCard>;
