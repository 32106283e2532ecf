import { AppError } from '../base/app-error.ts';

/**
 * - `too-large`: more bytes than the limit of this kind of message; the sender is at fault
 * - `malformed`: not dag-cbor, not canonical, or not of the schema; the sender is at fault
 * - `unsigned` / `bad-signature`: no or a wrong signature; forged or damaged
 * - `expired` / `from-the-future`: outside the freshness window; check both clocks
 * - `replayed`: the same signed bytes were seen before
 */
export type ProtocolErrorCode =
  | 'too-large'
  | 'malformed'
  | 'unsigned'
  | 'bad-signature'
  | 'expired'
  | 'from-the-future'
  | 'replayed';

/** Thrown by every function of `protocol` that reads bytes from outside. */
export class ProtocolError extends AppError<ProtocolErrorCode, { readonly bytes?: number; readonly path?: string }> {
  override readonly name = 'ProtocolError';
}
