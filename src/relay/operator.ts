import { bytesToHex } from '../base/bytes.ts';
import { createLogger, type Logger } from '../base/logger.ts';
import { createSigner } from '../protocol/index.ts';
import { createRelayNode } from '../swarm/node-index.ts';
import { infoHashText } from '../weights/index.ts';
import { openDataFolder } from './data-folder.ts';
import type { DefaultModel } from './default-model.ts';
import type { DownloadLimits } from './download-model.ts';
import { isLoopback, serveExample } from './example-server.ts';
import { gatherModels, type ModelSource } from './gather-models.ts';
import { createMetrics } from './metrics.ts';
import { createModelCatalogue } from './model-catalogue.ts';
import { silentProgress, type StartProgress } from './progress.ts';
import { listenPublicly, type PublicServer } from './public-server.ts';
import type { PublishedModel } from './publish-model.ts';
import { createRoutes } from './routes.ts';
import type { ServedParts } from './served-parts.ts';
import { createSiteList, type Site } from './sites.ts';
import { createTracker } from './tracker.ts';
import { createUpgradeProxy } from './upgrade-proxy.ts';
import { createWebSeed } from './web-seed.ts';

export interface OperatorInit {
  /** Where key, published models and fetched files are kept. */
  readonly dataDir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly models?: readonly ModelSource[];
  /** Published when there is no other model; none by default. */
  readonly defaultModel?: DefaultModel;
  /** The built page: a folder, or what makes it and says where it lies. */
  readonly app: string | ((signal: AbortSignal) => Promise<string>);
  /** One line for the person who started this. */
  readonly say?: (line: string) => void;
  readonly progress?: StartProgress;
  /** Websites that may embed this Starling. */
  readonly sites?: readonly Site[];
  /** Serves the partner's example on the next port, or on a free one; on this computer only. */
  readonly hasExample?: boolean;
  readonly logger?: Logger;
  readonly downloadLimits?: Partial<DownloadLimits>;
  /** Ends the start; use `stop` afterwards. */
  readonly signal?: AbortSignal;
}

export interface Operator {
  /** E.g. `http://127.0.0.1:8787/`. */
  readonly url: string;
  /** Where the partner's example is, e.g. `http://localhost:8788/`: another origin, and another site. */
  readonly exampleUrl: string | undefined;
  /** Hex of the Ed25519 key that signs the manifests. */
  readonly publicKey: string;
  readonly models: readonly PublishedModel[];
  /** Ends everything within 2 s, whoever is connected. */
  stop(): Promise<void>;
}

/** How long libp2p may take to say goodbye to its peers. */
const RELAY_STOP_MS = 1_000;

/**
 * Starts the operator's process: page, tracker, relay and web seed on one port. Resolves when all models are on offer.
 *
 * @throws {RelayError} for whatever is wrong with port, folder, models or page; nothing is left running
 */
export async function createOperator(init: OperatorInit): Promise<Operator> {
  const { host = '127.0.0.1', say = () => undefined } = init;
  const logger =
    init.logger ??
    createLogger('relay', ({ level, text }) => {
      if (level === 'warn' || level === 'error') say(text);
    });
  const startedAtMs = performance.now();
  const data = await openDataFolder(init.dataDir);
  const signer = createSigner(data.seed);
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    // Together: the server waits for sockets that tracker and proxy have taken over, and these close them.
    await Promise.all(stops.splice(0).map(async (end) => end()));
  };
  try {
    const relay = await createRelayNode({ seed: data.seed, logger });
    stops.push(() => withinMs(relay.stop(), RELAY_STOP_MS));
    const catalogue = createModelCatalogue(logger, (model) => infoHashText(model.manifest));
    const tracker = createTracker({ isOurs: (hex) => catalogue.hasInfoHash(hex) || relay.isPublished(hex) });
    stops.push(() => tracker.stop());
    const proxy = createUpgradeProxy({ port: relay.port });
    stops.push(() => proxy.stop());
    const webSeed = createWebSeed({ logger, onBytes: (count) => metrics.countSeedBytes(count) });
    const metrics = createMetrics({
      tracker: () => tracker.metrics(),
      relay: () => relay.metrics(),
      proxied: () => proxy.open(),
      transfers: () => webSeed.transfers(),
      models: () => catalogue.all().length,
    });
    let served: ServedParts | undefined;
    const publicKey = bytesToHex(signer.publicKey);
    const routes = createRoutes({
      served: () => served,
      metrics,
      webSeed,
      catalogue,
      operator: publicKey,
      relay,
      startedAtMs,
    });
    const upgrade = (path: string, ...connection: Parameters<typeof proxy.handle>) =>
      path === '/announce' ? tracker.handleUpgrade(...connection) : proxy.handle(...connection);
    // Before anything that takes long: whoever's port is in use should know at once.
    const server: PublicServer = await listenPublicly({ host, port: init.port ?? 0, routes, upgrade });
    stops.push(() => server.stop());
    const appDir =
      typeof init.app === 'string' ? init.app : await init.app(init.signal ?? new AbortController().signal);
    const models = await gatherModels(data, signer, {
      models: init.models ?? [],
      say,
      progress: init.progress ?? silentProgress,
      ...(init.defaultModel ? { defaultModel: init.defaultModel } : {}),
      ...(init.downloadLimits ? { downloadLimits: init.downloadLimits } : {}),
      ...(init.signal ? { signal: init.signal } : {}),
    });
    for (const model of models) catalogue.add(model);
    init.signal?.throwIfAborted();
    const url = pageUrl(host, server.port);
    const sites = createSiteList(init.sites ?? []);
    const example =
      init.hasExample === true && isLoopback(host)
        ? await serveExample({ host, nearPort: init.port ?? 0, appDir, starling: url, sites })
        : undefined;
    if (example) stops.push(() => example.stop());
    served = { appDir, sites };
    return { url, exampleUrl: example?.url, publicKey, models: catalogue.all(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where a person on this computer opens the page. */
function pageUrl(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}/`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

async function withinMs(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((done) => {
    timer = setTimeout(done, limitMs);
  });
  await Promise.race([work.catch(() => undefined), deadline]);
  clearTimeout(timer);
}
