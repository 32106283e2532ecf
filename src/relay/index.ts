/**
 * The operator's process: one port with the page, a WebSocket BitTorrent tracker, the libp2p relay, a web seed with
 * ranges, and what machines read (`/bootstrap.json`, `/healthz`, `/metrics`).
 *
 * `createOperator` starts it in this process; `main.ts` is the command line around it. Everything that is wrong raises a
 * `RelayError` whose message says what to do next.
 *
 * @module relay
 */
import '../base/with-resolvers.ts';

export { buildApp, type BuildAppInit } from './build-app.ts';
export { DEFAULT_MODEL, type DefaultModel } from './default-model.ts';
export { RelayError, type RelayErrorCode, type RelayErrorDetails } from './errors.ts';
export type { ModelSource } from './gather-models.ts';
export { createOperator, type Operator, type OperatorInit } from './operator.ts';
export type { PublishedModel } from './publish-model.ts';
