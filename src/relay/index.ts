/**
 * The operator's process: one port for the built app, a WebSocket BitTorrent tracker, a libp2p circuit relay, a web seed
 * with HTTP ranges, `/bootstrap.json`, `/healthz` and `/metrics`. No database: a key and a list of models in a folder.
 *
 * @module relay
 */
export type { Bootstrap, BootstrapModel } from './bootstrap.ts';
export { RelayError, type RelayErrorCode } from './errors.ts';
export type { PublishedModel, PublishInit } from './model-shelf.ts';
export { createOperator, type Operator, type OperatorInit } from './operator.ts';
