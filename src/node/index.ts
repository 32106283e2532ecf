/**
 * One device's node: the composition root that joins weights, engine, swarm and work, and the one place that a person's
 * clicks arrive at. Making a node costs nothing; its parts are fetched and started when a click asks for them.
 *
 * @module node
 */
export { applyUpdate, watchForUpdate } from './app-update.ts';
export { askOthers, type AskingNode, type OthersAnswer, type Question } from './ask-others.ts';
export { createNode } from './create-node.ts';
export type { Embedding } from './embedding.ts';
export { endOfflineShell, forgetEverything } from './forget.ts';
export { exportOwnIdentity, importOwnIdentity } from './own-identity.ts';
export type { History, Span } from './history/history.ts';
export { readHistory } from './history/history-store.ts';
export { measureGpu, type GpuMeasurement } from './measure-gpu.ts';
export type { Cause } from './governor/ceilings.ts';
export type { Duty } from './governor/duty-governor.ts';
export { PRESETS, type Limits, type When } from './governor/signals.ts';
export { openSiteGrants, type SiteGrant, type SiteGrants } from './site-grants.ts';
export { NodeError, type NodeErrorCode } from './errors.ts';
export { problemOf } from './problem.ts';
export type { BenchRow } from '../engine/index.ts';
export type { JobView, NodePhase, NodeSnapshot, PeerView, Problem, ShelfModel, StartStep } from './snapshot.ts';
export type { ChatOptions, Consent, StarlingNode } from './starling-node.ts';
export type { StudioChoice } from './studio/kept-run.ts';
export type { BaseChoice, Studio, StudioView } from './studio/studio.ts';
export type { PreviewToken } from '../training/index.ts';
