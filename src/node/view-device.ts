import type { Bootstrap } from '../protocol/index.ts';
import type { Device } from './device.ts';
import type { NodeSnapshot, PeerView, ShelfModel } from './snapshot.ts';

type SeenOfDevice = Omit<
  NodeSnapshot,
  'phase' | 'pausedUntilMs' | 'isOtherTab' | 'step' | 'problem' | 'storage' | 'limits' | 'duty' | 'isTeaching'
>;

/** What the parts of a device are doing now, as the interface shows it. */
export function viewDevice(device: Device): SeenOfDevice {
  const { engine, swarm, provider, requester, shared, shelf, self } = device;
  const stats = engine.stats();
  const status = swarm.status();
  const served = provider.stats();
  const peers = swarm.peers().map(({ peer, models }): PeerView => {
    const link = status.links.find((each) => each.peer === peer);
    return {
      id: peer,
      link: link ? (link.isDirect ? 'direct' : 'relayed') : 'none',
      models: models.map(({ root }) => root),
      tokensPerSecond: models.reduce((fastest, model) => Math.max(fastest, model.tokensPerSecond), 0),
    };
  });
  return {
    self,
    relayConnected: status.relays.some(({ isConnected }) => isConnected),
    device: engine.device(),
    servingModel: engine.loaded()?.root,
    tokensPerSecond: stats?.tokensPerSecond ?? 0,
    tokensServed: stats?.tokensTotal ?? 0,
    recordsServed: served.records,
    requestersServed: served.requesters,
    runningSequences: stats?.running ?? 0,
    gpuBytes: stats?.gpuBytes ?? 0,
    peers,
    models: shelf.models().map((model) => ({ ...model, isShared: shared.has(model.root) })),
    jobs: requester.views().map((job) => ({
      ...job,
      byPeer: job.byPeer.map((share) => ({ ...share, isSelf: share.peer === self })),
    })),
  };
}

/** The shelf before anything is opened: what the operator offers, nothing held. */
export function viewOffer(offer: Bootstrap | undefined): ShelfModel[] {
  return (offer?.models ?? []).map((model) => ({
    ...model,
    adapter: model.adapter,
    licence: model.licence,
    author: undefined,
    isShared: false,
    heldBytes: 0,
    state: 'absent',
    fromPeersBytes: 0,
    fromWebSeedBytes: 0,
    uploadedBytes: 0,
    transferPeers: 0,
    downloadSpeed: 0,
    problem: undefined,
  }));
}
