import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { PublishedModel } from './model-shelf.ts';
import type { Tracker } from './tracker.ts';
import type { UpgradeProxy } from './upgrade-proxy.ts';

interface MetricSources {
  readonly tracker: Tracker;
  readonly proxy: UpgradeProxy;
  readonly models: () => readonly PublishedModel[];
  readonly relay: () => { readonly connections: number; readonly reservations: number };
}

export interface OperatorMetrics {
  readonly registry: Registry;
  readonly webSeedBytes: Counter<'model'>;
  readonly requests: Counter<'route' | 'status'>;
}

/** Prometheus metrics of one operator. Labels are our own names and models, never anything that a visitor sent. */
export function createMetrics(sources: MetricSources): OperatorMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('starling_relay_connections', 'libp2p connections to the relay', () => sources.relay().connections);
  gauge('starling_relay_reservations', 'circuit reservations held', () => sources.relay().reservations);
  gauge('starling_relay_sockets', 'WebSockets passed on to the relay', () => sources.proxy.openCount);
  gauge('starling_tracker_sockets', 'WebSockets open to the tracker', () => sources.tracker.socketCount);
  gauge('starling_models', 'models published', () => sources.models().length);
  const torrentPeers = new Gauge({
    name: 'starling_torrent_peers',
    help: 'peers that announced themselves, by model',
    labelNames: ['model', 'role'],
    registers: [],
    collect() {
      for (const { root, infoHash } of sources.models()) {
        const { seeders, leechers } = sources.tracker.peersOf(infoHash);
        this.set({ model: root, role: 'seeder' }, seeders);
        this.set({ model: root, role: 'leecher' }, leechers);
      }
    },
  });
  registry.registerMetric(torrentPeers);
  return {
    registry,
    webSeedBytes: new Counter({
      name: 'starling_web_seed_bytes_total',
      help: 'payload bytes sent by the web seed, by model',
      labelNames: ['model'],
      registers,
    }),
    requests: new Counter({
      name: 'starling_http_requests_total',
      help: 'HTTP requests by route and status',
      labelNames: ['route', 'status'],
      registers,
    }),
  };
}
