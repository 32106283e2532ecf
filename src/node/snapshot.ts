import type { JobId, ModelRoot, PeerId } from '../base/branded.ts';
import type { DeviceReport } from '../engine/index.ts';
import type { AdapterFacts } from '../protocol/index.ts';
import type { Duty } from './governor/duty-governor.ts';
import { PRESETS, type Limits } from './governor/signals.ts';

/** What the node is doing, in the order in which a visit usually goes through it. */
export type NodePhase =
  /** Nothing runs and nothing is connected. */
  | 'off'
  /** Another tab of this browser is the node. */
  | 'elsewhere'
  | 'starting'
  /** Connected and able to ask, but not computing for others. */
  | 'connected'
  /** Computing for others whenever they ask. */
  | 'serving'
  /** Serving, but the person said wait. */
  | 'paused'
  | 'stopping';

/** One step of getting ready, for a progress line that a person can read. */
export interface StartStep {
  readonly name: 'join' | 'download' | 'upload' | 'ready';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** A model on the shelf: what the operator offers and what this device holds. */
export interface ShelfModel {
  readonly root: ModelRoot;
  readonly name: string;
  readonly sizeBytes: number;
  readonly heldBytes: number;
  readonly architecture: string;
  readonly quantisation: string;
  readonly parameters: number;
  readonly contextTokens: number;
  /** Present if this changes another model rather than being one. */
  readonly adapter: AdapterFacts | undefined;
  readonly licence: string | undefined;
  /** Who signed it; undefined for the operator. */
  readonly author: PeerId | undefined;
  /** This device tells others of it now. */
  readonly isShared: boolean;
  readonly state: 'absent' | 'partial' | 'downloading' | 'held' | 'loaded';
  readonly fromPeersBytes: number;
  readonly fromWebSeedBytes: number;
  readonly uploadedBytes: number;
  readonly transferPeers: number;
  /** Bytes a second now. */
  readonly downloadSpeed: number;
  readonly problem: Problem | undefined;
}

/** Something that went wrong, in a form that the interface turns into words and a next step. */
export interface Problem {
  /** `domain/code`, e.g. `weights/quota-exceeded`. */
  readonly code: string;
  readonly message: string;
}

export interface JobView {
  readonly id: JobId;
  readonly fileName: string;
  readonly createdAtMs: number;
  /** `interrupted`: kept from an earlier visit, and waiting for a click. */
  readonly state: 'preparing' | 'interrupted' | 'running' | 'waiting' | 'done' | 'cancelled' | 'failed';
  readonly recordsTotal: number;
  readonly recordsDone: number;
  readonly recordsFailed: number;
  readonly reissues: number;
  readonly duplicates: number;
  /** Records answered by each peer; this device counts as one. */
  readonly byPeer: readonly { readonly peer: PeerId; readonly isSelf: boolean; readonly records: number }[];
  readonly problem: Problem | undefined;
}

export interface PeerView {
  readonly id: PeerId;
  readonly link: 'direct' | 'relayed' | 'none';
  readonly models: readonly ModelRoot[];
  readonly tokensPerSecond: number;
}

/** Everything that the interface shows, as one value that is replaced on change. */
export interface NodeSnapshot {
  readonly phase: NodePhase;
  /** When a pause ends by itself, in milliseconds since the Unix epoch. */
  readonly pausedUntilMs: number | undefined;
  /** The node runs in another tab of this browser; this tab shows it and speaks for it. */
  readonly isOtherTab: boolean;
  readonly step: StartStep | undefined;
  readonly self: PeerId | undefined;
  readonly relayConnected: boolean;
  readonly device: DeviceReport | undefined;
  readonly servingModel: ModelRoot | undefined;
  readonly tokensPerSecond: number;
  /** Tokens computed for others and for this person since the page opened. */
  readonly tokensServed: number;
  readonly recordsServed: number;
  readonly requestersServed: number;
  readonly runningSequences: number;
  /** A model is being taught here. */
  readonly isTeaching: boolean;
  readonly gpuBytes: number;
  /** What the person allows on this device. */
  readonly limits: Limits;
  /** How much of it is used now, and what holds it there; undefined while nothing is served. */
  readonly duty: Duty | undefined;
  readonly peers: readonly PeerView[];
  readonly models: readonly ShelfModel[];
  readonly storage:
    | { readonly usedBytes: number; readonly quotaBytes: number; readonly isPersistent: boolean }
    | undefined;
  readonly jobs: readonly JobView[];
  readonly problem: Problem | undefined;
}

export const EMPTY_SNAPSHOT: NodeSnapshot = {
  phase: 'off',
  pausedUntilMs: undefined,
  isOtherTab: false,
  step: undefined,
  self: undefined,
  relayConnected: false,
  device: undefined,
  servingModel: undefined,
  tokensPerSecond: 0,
  tokensServed: 0,
  recordsServed: 0,
  requestersServed: 0,
  runningSequences: 0,
  gpuBytes: 0,
  limits: PRESETS.balanced,
  duty: undefined,
  isTeaching: false,
  peers: [],
  models: [],
  storage: undefined,
  jobs: [],
  problem: undefined,
};
