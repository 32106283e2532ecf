/** Bounds on a GGUF header: beyond them a file is refused, so that no header can exhaust a tab. */

/** Llama 3's header with 128 Ki tokens and 280 Ki merges takes 8 MB. */
export const MAX_HEADER_BYTES = 64 * 1024 * 1024;
/** All strings together; they live on as JS strings of up to twice this size. */
export const MAX_STRING_BYTES_TOTAL = 32 * 1024 * 1024;
/** One string; the longest in use are chat templates of some 20 KB. */
export const MAX_STRING_BYTES = 1024 * 1024;
/** Keys and tensor names; GGUF allows 65,535 and 64 bytes, files in use stay below 80. */
export const MAX_NAME_BYTES = 256;
/** Elements of all arrays together: 256 Ki tokens, scores, types and merges make 1 Mi. */
export const MAX_ARRAY_ELEMENTS_TOTAL = 4 * 1024 * 1024;
/** Files in use have 20 to 60. */
export const MAX_METADATA_ENTRIES = 4096;
/** 100 layers of 20 tensors make 2,000; experts stored one by one some 30,000. */
export const MAX_TENSORS = 65_536;
/** ggml's own limit. */
export const MAX_DIMENSIONS = 4;
/** 2^48, as in the manifest: beyond every device, far below 2^53, so that sums stay exact. */
export const MAX_FILE_BYTES = 2 ** 48;
