import {
  array,
  literal,
  maxLength,
  nullish,
  number,
  object,
  picklist,
  pipe,
  length,
  safeParse,
  string,
  type InferOutput,
} from 'valibot';

// Binary ids travel as text of one character a byte.
const id20 = pipe(string(), length(20));
const offerId = pipe(string(), maxLength(64));
/** A data channel's description with all its candidates is 0.5 to 3 KB. */
const sdp = pipe(string(), maxLength(16 * 1024));

/** Unknown fields are dropped, not refused: clients add their own. */
const announce = object({
  action: literal('announce'),
  info_hash: id20,
  peer_id: id20,
  event: nullish(picklist(['started', 'stopped', 'completed', 'update', 'paused', 'empty'])),
  left: nullish(number()),
  offers: nullish(
    pipe(array(object({ offer: object({ type: literal('offer'), sdp }), offer_id: offerId })), maxLength(20)),
  ),
  answer: nullish(object({ type: literal('answer'), sdp })),
  offer_id: nullish(offerId),
  to_peer_id: nullish(id20),
});

export type TrackerAnnounce = InferOutput<typeof announce>;

/**
 * Reads an announce of the WebSocket tracker protocol (WebTorrent's), the only message that is answered. The tracker
 * package trusts the inside of messages: an offer that is `null` would end the process.
 *
 * @returns undefined for anything else
 */
export function parseAnnounce(text: string): TrackerAnnounce | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = safeParse(announce, value);
  if (!result.success) return undefined;
  const { output } = result;
  return output.answer && (!output.to_peer_id || !output.offer_id) ? undefined : output;
}
