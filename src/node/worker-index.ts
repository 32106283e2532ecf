/**
 * What a device's workers take from its node: its storage, or what of it the page lends them.
 *
 * @module node
 */
export { createIdbKeyValue } from './idb-key-value.ts';
export { borrowPieces, LENT_ENGINE } from './lent-pieces.ts';
