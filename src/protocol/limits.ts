/** Every bound of what may cross a trust boundary, in one place, each with its reason. */

/** One framed message between peers: a fragment of 64 records of 2,048 tokens is 0.5 MiB; twice that is room enough. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A presence advert travels to everybody through gossip, so it stays small. */
export const MAX_PRESENCE_BYTES = 16 * 1024;
/** A manifest of a 70B model in 4 MiB pieces is about 10,000 pieces of 48 bytes. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Pieces of one model: 256 GiB in 4 MiB pieces. */
export const MAX_MANIFEST_PIECES = 65_536;
/** A piece of weights: IndexedDB reads are fastest from 4 MiB values on (reference p2p-stack, section 5). */
export const MAX_PIECE_BYTES = 4 * 1024 * 1024;
/** Prompt tokens of one record; the model's own context is checked separately. */
export const MAX_PROMPT_TOKENS = 131_072;
/** Tokens that one record may ask for. */
export const MAX_NEW_TOKENS = 32_768;
/** Records in one fragment: 10–30 s of work on a fast peer. */
export const MAX_FRAGMENT_RECORDS = 256;
/** Stop strings of one record, as OpenAI's API allows. */
export const MAX_STOP_STRINGS = 4;
/** Characters of one stop string. */
export const MAX_STOP_CHARS = 256;
/** Characters of a JSON Schema that an answer must fulfil; the engine takes no longer ones. */
export const MAX_SCHEMA_CHARS = 32_768;
/** Models that one peer may advertise. */
export const MAX_ADVERTISED_MODELS = 32;
/** Adapters of one model that a peer may say it holds: about 90 bytes each in an advert. */
export const MAX_ADVERTISED_ADAPTERS = 32;
/** Adapters that one peer may share of its own: about 1 KB each in an advert. */
export const MAX_SHARED_ADAPTERS = 4;
/** Bytes of one of them: rank 64 on all products of a 1B model in f32, and below what a person would not wait for. */
export const MAX_SHARED_ADAPTER_BYTES = 512 * 1024 * 1024;
/** Bytes of its manifest and of its torrent: 20 to 32 bytes a piece, so that both fit one message together. */
export const MAX_ADAPTER_DOCUMENT_BYTES = 384 * 1024;
/** Characters of its licence's name. */
export const MAX_LICENCE_CHARS = 64;
/** Characters of any name or reason that a peer sends; more is cut before it is shown. */
export const MAX_TEXT_CHARS = 512;
/** How far a peer's clock may be ahead of ours before its messages are refused. */
export const MAX_CLOCK_SKEW_MS = 60_000;
/** How old a signed message may be; replay memory is kept this long. */
export const MAX_MESSAGE_AGE_MS = 300_000;
/** Models that one operator may list: a few screens of a page. */
export const MAX_BOOTSTRAP_MODELS = 256;
/** Relays that one operator may name; a page keeps two. */
export const MAX_BOOTSTRAP_RELAYS = 8;
/** Characters of a URL or multiaddr in a bootstrap document. */
export const MAX_URL_CHARS = 2_048;
