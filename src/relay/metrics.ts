import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** Read whenever somebody asks for `/metrics`. */
export interface MetricSources {
  readonly tracker: () => { sockets: number; seeders: number; leechers: number; refused: number };
  readonly relay: () => { connections: number; reservations: number; advertsSeen: number; advertsRefused: number };
  readonly proxied: () => number;
  readonly transfers: () => number;
  readonly models: () => number;
}

export interface OperatorMetrics {
  countRequest(route: string, status: number): void;
  countSeedBytes(bytes: number): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(sources: MetricSources): OperatorMetrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const registers = [register];
  const requests = new Counter({
    name: 'starling_http_requests_total',
    help: 'HTTP requests answered',
    labelNames: ['route', 'status'] as const,
    registers,
  });
  const seedBytes = new Counter({
    name: 'starling_web_seed_bytes_total',
    help: 'Bytes of models sent over HTTP',
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('starling_models', 'Models published', sources.models);
  gauge('starling_web_seed_transfers', 'Web seed answers under way', sources.transfers);
  gauge('starling_tracker_sockets', 'Connections to the tracker', () => sources.tracker().sockets);
  gauge('starling_tracker_seeders', 'Peers that hold a model', () => sources.tracker().seeders);
  gauge('starling_tracker_leechers', 'Peers that fetch a model', () => sources.tracker().leechers);
  gauge('starling_tracker_refused', 'Tracker messages refused since the start', () => sources.tracker().refused);
  gauge('starling_relay_connections', 'libp2p connections to the relay', () => sources.relay().connections);
  gauge('starling_relay_reservations', 'Peers that the relay forwards to', () => sources.relay().reservations);
  gauge('starling_relay_adverts', 'Presence adverts seen since the start', () => sources.relay().advertsSeen);
  gauge('starling_relay_adverts_refused', 'Adverts refused since the start', () => sources.relay().advertsRefused);
  gauge('starling_relay_sockets', 'WebSocket connections handed to the relay', sources.proxied);
  return {
    countRequest: (route, status) => requests.inc({ route, status: String(status) }),
    countSeedBytes: (bytes) => seedBytes.inc(bytes),
    text: () => register.metrics(),
    contentType: register.contentType,
  };
}
