import type { AdapterRoot, ModelRoot, PeerId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import { createLogger, type LogSink } from '../base/logger.ts';
import { createSigner, MAX_ADVERTISED_ADAPTERS, type Bootstrap } from '../protocol/index.ts';
import { createSwarmNode, publicKeyOf, type SwarmNode } from '../swarm/index.ts';
import {
  createAdapterExchange,
  createProvider,
  createRequester,
  withLoopback,
  type Candidate,
  type Channel,
  type Provider,
  type Requester,
} from '../work/index.ts';
import { createEngineExecutor, type EngineExecutor } from './engine-executor.ts';
import { createEngineHost, type EngineHost } from './engine-host.ts';
import { loadIdentity } from './identity-store.ts';
import { createLossLimit } from './loss-limit.ts';
import { openNodeStorage, type NodeStorage, type StoragePlace } from './node-storage.ts';
import { createShelf, type Shelf } from './shelf.ts';
import { createSharedAdapters, type SharedAdapters } from './shared-adapters.ts';
import { createWarmAdapters, type WarmAdapters } from './warm-adapters.ts';
import { createWorkerClock } from './worker-clock.ts';

/** Every part of this device's node, joined and asleep: none of them computes, connects or downloads by itself. */
export interface Device {
  readonly self: PeerId;
  /** Keeps time while the tab is hidden. */
  readonly clock: Clock;
  readonly storage: NodeStorage;
  readonly shelf: Shelf;
  readonly engine: EngineHost;
  readonly executor: EngineExecutor;
  readonly adapters: WarmAdapters;
  readonly shared: SharedAdapters;
  readonly swarm: SwarmNode;
  readonly provider: Provider;
  /** Another one after `restartRequester`: read it anew each time. */
  readonly requester: Requester;
  /** Hands everything back and keeps the jobs as they are, interrupted. */
  restartRequester(): Promise<void>;
  /** Whose offers are taken: of everybody, or of this device's own jobs alone. */
  openTo(who: 'everybody' | 'self'): void;
  /** Says in the swarm what is served now, and wakes jobs that wait for a candidate. */
  announce(serving: ModelRoot | undefined): void;
  /** Says the same again with the slots and the speed of now. */
  repeatAnnouncement(): void;
}

export interface DeviceInit {
  readonly offer: () => Bootstrap | undefined;
  readonly log: LogSink;
  readonly place: StoragePlace;
  readonly onChange: () => void;
  /** The GPU was lost for good, or so often that it is better to stop. */
  readonly onDeviceGone: (error: unknown) => void;
}

const AGENT = 'starling/0.1.0';

/** Joins the parts. Loaded by the first click that needs it, with everything that it imports. */
export async function openDevice({ offer, log, place, onChange, onDeviceGone }: DeviceInit): Promise<Device> {
  const storage = openNodeStorage(place);
  const identity = await loadIdentity(storage.keyValue);
  const clock = createWorkerClock();
  const signer = createSigner(identity.seed);
  const logger = (scope: string) => createLogger(scope, log);
  const lent = storage.place === 'own' ? undefined : storage.pieces;
  const engineParts = { clock, logger: logger('engine'), lent };
  const sawLosses = createLossLimit(engineParts, onDeviceGone);
  const engine = createEngineHost(engineParts, () => {
    sawLosses(engine.stats()?.deviceLosses ?? 0);
    onChange();
  });
  const shelf = createShelf(
    {
      offer,
      storage,
      loadedModel: () => engine.loaded()?.root,
      clock,
      log,
      signer,
      shared: () => swarm.peers().flatMap(({ peer, published }) => published.map((card) => ({ author: peer, card }))),
      ask: ({ author, card }) => exchange.ask(author, card.root),
    },
    onChange,
  );
  const adapters = createWarmAdapters({
    models: shelf.models,
    open: async (root, signal) => (await import('./held-adapter.ts')).openHeldAdapter(shelf, root, signal),
    loaded: engine.loaded,
    load: (model, adapter, weights) => engine.client.answered(engine.client.api.loadAdapter(model, adapter, weights)),
    unload: (model, adapter) => engine.client.api.unloadAdapter(model, adapter),
    now: () => clock.now(),
    onChange: () => sayServing(),
  });
  const executor: EngineExecutor = createEngineExecutor(engine.client, identity.peerId, adapters, (error) => {
    // The engine found no way back: it could not open the GPU again, or lost it without end.
    if (error.code === 'device-lost' || error.code === 'no-adapter') onDeviceGone(error);
  });
  const swarm = createSwarmNode(
    { clock, logger: logger('swarm') },
    { identitySeed: identity.seed, relays: offer()?.relays ?? [], iceServers: offer()?.iceServers ?? [] },
  );
  swarm.on('peers', onChange);
  swarm.on('status', onChange);
  const channel = withLoopback(swarm);

  const sharing = createSharedAdapters(shelf, identity.peerId, () => {
    onChange();
    sayServing();
  });

  let isOpen = false;
  let serving: ModelRoot | undefined;
  const directoryChanged = new Set<() => void>();
  const tellDirectory = () => {
    for (const listener of directoryChanged) listener();
  };
  swarm.on('peers', tellDirectory);

  const providerChannel: Channel = {
    ...channel,
    onMessage: (listener) =>
      channel.onMessage((peer, bytes) => {
        if (isOpen || peer === identity.peerId) listener(peer, bytes);
      }),
  };
  const shared = { clock, channel, signer, publicKeyOf, logger: logger('work') };
  const exchange = createAdapterExchange(shared, (root) => sharing.documents(root));
  const provider = createProvider({ ...shared, channel: providerChannel, executor });
  const newRequester = () => {
    const made = createRequester({
      ...shared,
      store: storage.keyValue('starling-jobs'),
      resolveModel: shelf.resolve,
      resolveAdapter: shelf.resolveAdapter,
      tokensFor: (root) => engine.tokens(root, () => shelf.header(root)),
      randomU32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
      directory: {
        candidates(model) {
          const others = swarm.serving(model);
          return executor.slots(model) > 0 ? [...others, ownCandidate(model)] : others;
        },
        onChange(listener) {
          directoryChanged.add(listener);
          return () => void directoryChanged.delete(listener);
        },
      },
    });
    made.onChange(onChange);
    return made;
  };
  let requester = newRequester();

  function ownCandidate(model: ModelRoot): Candidate {
    const freeSlots = executor.freeSlots(model);
    return { peer: identity.peerId, freeSlots, tokensPerSecond: engine.measuredSpeed(), adapters: ownAdapters(model) };
  }

  /** Adapters of the model here, the warm ones first; no more than others are told of. */
  function ownAdapters(model: ModelRoot): NonNullable<Candidate['adapters']> {
    const warm = engine.loaded()?.root === model ? adapters.roots() : [];
    const held = shelf
      .models()
      .flatMap(({ root, adapter, state }) => (adapter?.base === model && state === 'held' ? [asAdapter(root)] : []));
    return [
      ...warm.map((root) => ({ root, isWarm: true })),
      ...held.filter((root) => !warm.includes(root)).map((root) => ({ root, isWarm: false })),
    ].slice(0, MAX_ADVERTISED_ADAPTERS);
  }

  return {
    self: identity.peerId,
    clock,
    storage,
    shelf,
    engine,
    executor,
    adapters,
    shared: sharing,
    swarm,
    provider,
    get requester() {
      return requester;
    },
    async restartRequester() {
      await requester.stop();
      requester = newRequester();
      await requester.list();
    },
    openTo(who) {
      isOpen = who === 'everybody';
    },
    announce(model) {
      serving = model;
      sayServing();
      tellDirectory();
    },
    repeatAnnouncement: sayServing,
  };

  function sayServing() {
    const models = serving === undefined ? [] : [{ root: serving, ...ownFigures(serving) }];
    const published = [...sharing.cards()];
    swarm.announce({ models, agent: AGENT, ...(published.length > 0 && { published }) });
  }

  function ownFigures(model: ModelRoot) {
    const { freeSlots, tokensPerSecond, adapters: known = [] } = ownCandidate(model);
    return { freeSlots, tokensPerSecond, ...(known.length > 0 && { adapters: [...known] }) };
  }
}

/** On the shelf an adapter is known by the root of its file, which is its content address. */
function asAdapter(root: ModelRoot): AdapterRoot {
  return root as string as AdapterRoot;
}
