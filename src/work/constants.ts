/** Every time, size and count of the work rooms, in one place, each with its reason. */

// The batch file

/** Bytes of one line: 131,072 prompt tokens of about 4 bytes each, JSON around them, and room. */
export const MAX_LINE_BYTES = 1024 * 1024;
/** Lines of one file: twice the 100,000 that must work. What is kept in memory is about 20 bytes a line. */
export const MAX_BATCH_LINES = 200_000;
/** Bytes of one file: five times OpenAI's 200 MB; only one line and one chunk of it are in memory at a time. */
export const MAX_BATCH_BYTES = 1024 * 1024 * 1024;
/** Characters of a `custom_id`: they are remembered while a file is read, to find doubled ones. */
export const MAX_CUSTOM_ID_CHARS = 256;
/** Messages of one chat body: more than any model's context makes sense of. */
export const MAX_CHAT_MESSAGES = 4096;
/** New tokens where the line asks for no number, bounded by what the context leaves: a paragraph or two. */
export const DEFAULT_MAX_TOKENS = 256;
/** OpenAI's defaults. */
export const DEFAULT_TEMPERATURE = 1;
export const DEFAULT_TOP_P = 1;

/** Different adapters in one file: what a byte a record can number. */
export const MAX_JOB_ADAPTERS = 255;

// What is kept of a job

/** Lines in one stored chunk: a fragment's shuffled records cost one small read each, 100,000 lines 3,125 keys. */
export const CHUNK_LINES = 32;
/** Bytes of chunks kept in memory, so that small jobs never read a chunk twice. */
export const CHUNK_CACHE_BYTES = 8 * 1024 * 1024;
/** Settled results wait this long to be written together; a crash costs at most their recomputation. */
export const FLUSH_AFTER_MS = 500;
/** …or until so many wait: bounds what a crash can cost and what memory holds. */
export const FLUSH_RESULTS = 64;

// Fragments

/** Time that one fragment should take on its peer: between 10 s (offers are cheap) and 30 s (tabs vanish). */
export const TARGET_FRAGMENT_MS = 15_000;
/** Records of the first fragment of a peer: little is lost if it turns out slow or false. */
export const FIRST_FRAGMENT_RECORDS = 8;
/** Records of any fragment; the protocol allows 256, but 64 already fill the widest batch an engine decodes. */
export const MAX_WORK_FRAGMENT_RECORDS = 64;
/** Speed assumed of a peer that says nothing, tokens a second: a slow integrated GPU. */
export const ASSUMED_TOKENS_PER_SECOND = 20;
/** Prompt tokens that cost as much time as one new token: prefill is that much faster than decode, or more. */
export const PREFILL_DISCOUNT = 8;
/** A fragment is at most 1/(this × candidates) of what remains, so that the tail never waits for one slow peer. */
export const FAIR_SHARES = 2;
/** Bytes of one fragment's prompts and stop strings: leaves a quarter of a message for the rest. */
export const MAX_FRAGMENT_BYTES = 768 * 1024;
/** Share of a job's records that one other peer may see while somebody else serves too: nobody sees the corpus. */
export const MAX_PEER_SHARE = 0.6;
/** The cap yields when nothing of the job was in flight for so long: then nobody else really serves. */
export const SHARE_PATIENCE_MS = 30_000;

// Leases

/** An offer without an answer is withdrawn: ten times the slowest round trip seen over a relay. */
export const OFFER_TIMEOUT_MS = 10_000;
/** A provider speaks up this often, so that a requester may give up on it soon. */
export const HEARTBEAT_MS = 5_000;
/** Silence after which a lease is lost: two heartbeats missed, and some room. */
export const SILENCE_MS = 15_000;
/** Shortest and longest time until a lease's deadline; between them it is three times what was predicted. */
export const MIN_LEASE_MS = 120_000;
export const MAX_LEASE_MS = 600_000;
/** How often deadlines, silence and back-off are looked at; their times are many times longer. */
export const TICK_MS = 1_000;
/** Leases with one peer at once: one computed, one waiting, so that it never idles between two. */
export const MAX_LEASES_PER_PEER = 2;
/** Different peers on which a record may fail before it is called poison. */
export const POISON_PEERS = 3;
/** Faults of one record, whoever told them, before it is given up: where there are fewer than three peers. */
export const MAX_RECORD_FAULTS = 5;
/** Lost leases of one record before it is given up, likewise; losses are mostly the network's doing, so more of them. */
export const MAX_RECORD_LOSSES = 12;
/** Ended leases remembered, to tell a late result from a lie; about 100 bytes each. */
export const MAX_REMEMBERED_LEASES = 4_096;

// Back-off

/** First wait after a peer said that it is busy; doubles with each decline in a row. */
export const BUSY_BACKOFF_MS = 2_000;
/** First wait after any other decline or a failure. */
export const FAULT_BACKOFF_MS = 5_000;
/** Longest wait: a peer that recovered is back within a minute. */
export const MAX_BACKOFF_MS = 60_000;

// Serving

/** Leases of one requester at once, running and waiting: it uses two (MAX_LEASES_PER_PEER), and a job may overlap. */
export const MAX_LEASES_PER_REQUESTER = 4;
/** Leases of all requesters, running and waiting: at 0.5 MiB each the worst is 8 MiB. */
export const MAX_SERVED_LEASES = 16;
/** New tokens of one lease: beyond this no device is done before the longest deadline. */
export const MAX_LEASE_TOKENS = 262_144;
/** Requesters counted by name for the statistics; later ones are served, but only the number grows no more. */
export const MAX_COUNTED_REQUESTERS = 10_000;

// Messages

/** Messages that one peer may send at once… */
export const MESSAGE_BURST = 512;
/** …and a second thereafter: a fast provider with 64 slots ends about 50 records a second. Checking costs 1 ms each. */
export const MESSAGES_PER_SECOND = 128;
/** Peers whose message rate is remembered; the longest unheard are forgotten first. */
export const MAX_RATED_PEERS = 1_024;
/** Characters of a peer's text that reach the log or a file. */
export const MAX_SHOWN_CHARS = 200;
