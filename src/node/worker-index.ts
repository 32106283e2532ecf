/**
 * What a device's workers take from its node: its storage.
 *
 * @module node
 */
export { createIdbKeyValue } from './idb-key-value.ts';
