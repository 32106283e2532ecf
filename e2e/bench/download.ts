import { systemClock } from '../../src/base/clock.ts';
import type { ModelRoot } from '../../src/base/branded.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createRandom } from '../../src/base/random.ts';
import {
  createIdbModelRecords,
  createIdbPartialStore,
  createIdbPieceStore,
  ModelLibrary,
} from '../../src/weights/index.ts';
import { ModelTransfer } from '../../src/weights/page-index.ts';

interface Offer {
  readonly tracker: string;
  readonly models: readonly { root: ModelRoot; sizeBytes: number; manifest: string; torrent: string; webSeed: string }[];
}

async function open(operator: string) {
  const offer = (await (await fetch(new URL('/bootstrap.json', operator))).json()) as Offer;
  const model = offer.models[0];
  if (!model) throw new Error('the operator publishes nothing');
  const bytes = async (path: string) => new Uint8Array(await (await fetch(new URL(path, operator))).arrayBuffer());
  const parts = { pieces: createIdbPieceStore(), partials: createIdbPartialStore(), clock: systemClock };
  const library = new ModelLibrary({ ...parts, records: createIdbModelRecords(), storage: navigator.storage });
  await library.add(await bytes(model.manifest), await bytes(model.torrent));
  const transfer = new ModelTransfer({ ...parts, library, random: createRandom(1), logger: silentLogger });
  return { offer, model, transfer };
}

/** Fetches the model by web seed and keeps giving it away. */
export async function seedModel(operator: string): Promise<void> {
  const { offer, model, transfer } = await open(operator);
  const webSeeds = [new URL(model.webSeed, operator).href];
  await transfer.fetch(model.root, { announce: [offer.tracker], webSeeds });
}

/** Megabytes a second of one model over WebRTC from the other tab, checked and stored, and of a plain HTTP download. */
export async function measureDownload(operator: string): Promise<{ webRtc: number; http: number }> {
  const { offer, model, transfer } = await open(operator);
  const megabytes = model.sizeBytes / 1e6;
  const httpStart = performance.now();
  await (await fetch(new URL(model.webSeed, operator), { cache: 'no-store' })).arrayBuffer();
  const http = megabytes / ((performance.now() - httpStart) / 1000);
  const peerStart = performance.now();
  await transfer.fetch(model.root, { announce: [offer.tracker], webSeeds: [] });
  const webRtc = megabytes / ((performance.now() - peerStart) / 1000);
  return { webRtc, http };
}
