import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { silentLogger, type Logger } from '../base/logger.ts';
import { createSigner } from '../protocol/index.ts';
import { createRelayNode } from '../swarm/node-index.ts';
import { RelayError } from './errors.ts';
import { createHttpApp } from './http-app.ts';
import { createMetrics } from './metrics.ts';
import { ModelShelf, type PublishedModel, type PublishInit } from './model-shelf.ts';
import { loadOperatorKey } from './operator-key.ts';
import { createTracker } from './tracker.ts';
import { createUpgradeProxy } from './upgrade-proxy.ts';

export interface OperatorInit {
  /** Key and published models live here. */
  readonly dataDir: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly host?: string;
  /** The built app; without it only the other routes answer. */
  readonly distDir?: string;
  /** Behind a TLS proxy that sets `x-forwarded-…` headers. */
  readonly trustsProxy?: boolean;
  readonly logger?: Logger;
}

export interface Operator {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly models: readonly PublishedModel[];
  /** @throws {RelayError} `no-such-file`; {WeightsError} for what is no GGUF that this build knows */
  publish(path: string, init?: PublishInit): Promise<PublishedModel>;
  /** Ends everything within 2 s, with connections open. */
  stop(): Promise<void>;
}

/** How long the relay may take to say goodbye. */
const STOP_MS = 1000;

/**
 * Starts the operator's process: app, tracker, relay, web seed and metrics on one port.
 *
 * @throws {RelayError} `port-in-use`, `listen-failed` or `data-unusable`
 */
export async function createOperator(init: OperatorInit): Promise<Operator> {
  const logger = init.logger ?? silentLogger;
  const seed = await loadOperatorKey(init.dataDir);
  const signer = createSigner(seed);
  const server = createServer(answerStarting);
  // First of all, so that a taken port is told before any work is done.
  const url = await listen(server, init.port, init.host ?? '127.0.0.1');
  try {
    const shelf = await ModelShelf.open(init.dataDir, signer, logger);
    const relay = await createRelayNode({ seed, logger });
    const tracker = createTracker((infoHash) => shelf.hasInfoHash(infoHash), logger);
    const proxy = createUpgradeProxy(relay.port);
    const metrics = createMetrics({ tracker, proxy, models: () => shelf.list(), relay: () => relay.metrics() });
    const app = createHttpApp({
      shelf,
      metrics,
      publicKey: signer.publicKey,
      relayPeerId: relay.peerId,
      distDir: init.distDir,
      trustsProxy: init.trustsProxy ?? false,
    });
    const answer = getRequestListener(app.fetch);
    server.removeListener('request', answerStarting);
    server.on('request', (request, response) => void answer(request, response));
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      const isAnnounce = new URL(request.url ?? '/', 'http://localhost').pathname === '/announce';
      (isAnnounce ? tracker : proxy).upgrade(request, socket, head);
    });
    return {
      url,
      get models() {
        return shelf.list();
      },
      publish: (path, publishInit) => shelf.publish(path, publishInit),
      async stop() {
        tracker.stop();
        proxy.stop();
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await Promise.all([closed, settleWithin(relay.stop(), STOP_MS)]);
      },
    };
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
}

/** While changed models are read again. */
function answerStarting(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { 'retry-after': '2', 'cache-control': 'no-store' }).end('starting, try again in a moment');
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new RelayError('port-in-use', `port ${port} is taken; choose another with --port`, error)
          : new RelayError('listen-failed', `${host}:${port} cannot be opened (${error.code}); choose another`, error),
      );
    });
    server.listen(port, host, () => {
      const { port: actual } = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
    });
  });
}

async function settleWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), timeout]);
  clearTimeout(timer);
}
