import {
  array,
  exactOptional,
  literal,
  maxLength,
  minLength,
  pipe,
  regex,
  strictObject,
  string,
  union,
  type InferOutput,
} from 'valibot';
import { adapterFacts } from './adapter-facts.ts';
import { MAX_BOOTSTRAP_MODELS, MAX_BOOTSTRAP_RELAYS, MAX_TEXT_CHARS, MAX_URL_CHARS } from './limits.ts';
import { modelRoot, wholeNumber } from './schema.ts';

const url = pipe(string(), maxLength(MAX_URL_CHARS));
const path = pipe(url, regex(/^\/[^/]/, 'path on the operator’s own server'));
const shortText = pipe(string(), maxLength(MAX_TEXT_CHARS));

const iceServer = strictObject({
  urls: union([url, pipe(array(url), minLength(1), maxLength(8))]),
  username: exactOptional(shortText),
  credential: exactOptional(shortText),
});

/** What a visitor reads of a model before anything is fetched. The signed manifest decides; this is only a list. */
const bootstrapModel = strictObject({
  root: modelRoot,
  name: pipe(string(), minLength(1), maxLength(128)),
  sizeBytes: wholeNumber(1, 2 ** 48),
  headerBytes: wholeNumber(1, 2 ** 32),
  architecture: pipe(string(), maxLength(64)),
  quantisation: pipe(string(), maxLength(16)),
  parameters: wholeNumber(0, 2 ** 48),
  contextTokens: wholeNumber(0, 2 ** 31),
  adapter: exactOptional(adapterFacts),
  licence: exactOptional(shortText),
  /** Hex of the SHA-1 under which the torrent is announced. */
  infoHash: pipe(string(), regex(/^[0-9a-f]{40}$/, 'SHA-1 hex')),
  manifest: path,
  torrent: path,
  webSeed: path,
});

/** `/bootstrap.json`: all that a page must learn from the server that it came from in order to join. */
export const bootstrap = strictObject({
  v: literal(1),
  /** Hex of the Ed25519 public key that signs this operator's manifests. */
  operator: pipe(string(), regex(/^[0-9a-f]{64}$/, 'Ed25519 public key in hex')),
  tracker: pipe(url, regex(/^wss?:\/\//, 'WebSocket URL')),
  /** Multiaddrs, each ending in `/p2p/<peer id>`. */
  relays: pipe(
    array(pipe(url, regex(/^\/.+\/p2p\/[1-9A-HJ-NP-Za-km-z]{40,60}$/, 'multiaddr with a peer id'))),
    maxLength(MAX_BOOTSTRAP_RELAYS),
  ),
  iceServers: pipe(array(iceServer), maxLength(8)),
  models: pipe(array(bootstrapModel), maxLength(MAX_BOOTSTRAP_MODELS)),
});

export type Bootstrap = InferOutput<typeof bootstrap>;
/** One model of the list. */
export type BootstrapModel = Bootstrap['models'][number];
