/**
 * Every message that crosses a trust boundary: schema, limits and the signed envelope around it.
 *
 * Bytes from outside go through `openEnvelope` (size, canonical form, signature, schema) and, where they are messages
 * rather than documents, through a `FreshnessGuard` (age, clock skew, replay). What fails raises a `ProtocolError` and
 * nothing else.
 *
 * @module protocol
 */
export type { AdapterCard } from './adapter-card.ts';
export { adapterFacts, type AdapterFacts } from './adapter-facts.ts';
export { bootstrap, type Bootstrap, type BootstrapModel } from './bootstrap.ts';
export { decodeCanonical, encodeCanonical } from './canonical-cbor.ts';
export { openEnvelope, sealEnvelope, type Opened, type SignatureDomain } from './envelope.ts';
export { ProtocolError, type ProtocolErrorCode } from './errors.ts';
export { createFreshnessGuard, type FreshnessGuard } from './freshness.ts';
export * from './limits.ts';
export { manifest, type Manifest } from './manifest.ts';
export { presence, type Presence } from './presence.ts';
export { createSigner, isSignatureValid, type Signer } from './signer.ts';
export { PRESENCE_TOPIC, WORK_PROTOCOL } from './versions.ts';
export { workMessage, workRecord, type WorkMessage, type WorkOffer, type WorkRecord } from './work-messages.ts';
