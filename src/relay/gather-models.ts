import { basename, resolve } from 'node:path';
import { isAbort } from '../base/app-error.ts';
import type { Signer } from '../protocol/index.ts';
import { recordOf, publishModel, type PublishedModel } from './publish-model.ts';
import type { DataFolder, PublishedRecord } from './data-folder.ts';
import type { DefaultModel } from './default-model.ts';
import { discardDownload, downloadModel, isUrl, withoutSecrets, type DownloadLimits } from './download-model.ts';
import { RelayError } from './errors.ts';
import { hashFile, stampOf } from './model-file.ts';
import { formatBytes, type StartProgress } from './progress.ts';

/** A model that the operator names. */
export interface ModelSource {
  /** Path of a GGUF file, or an http(s) URL. */
  readonly place: string;
  /** Lower-case hex that a fetched file must have. */
  readonly sha256?: string;
  readonly licence?: string;
}

export interface GatherInit {
  readonly models: readonly ModelSource[];
  /** Published when there is nothing else to publish. */
  readonly defaultModel?: DefaultModel;
  readonly say: (line: string) => void;
  readonly progress: StartProgress;
  readonly downloadLimits?: Partial<DownloadLimits>;
  readonly signal?: AbortSignal;
}

/**
 * Everything to serve: the models named now, then those that an earlier run published. Any that was named and cannot be
 * published ends the start; one that was only remembered is skipped with a line.
 *
 * @throws {RelayError}
 */
export async function gatherModels(data: DataFolder, signer: Signer, init: GatherInit): Promise<PublishedModel[]> {
  const records = await data.readPublished();
  const published: PublishedModel[] = [];
  for (const source of init.models) published.push(await publishNamed(data, signer, source, records, init));
  const named = new Set(published.map(({ path }) => path));
  for (const record of records) {
    if (named.has(record.path)) continue;
    const model = await publishAgain(data, signer, record, init);
    if (model) published.push(model);
  }
  if (published.length === 0 && init.models.length === 0 && init.defaultModel) {
    const model = await publishDefault(data, signer, init.defaultModel, records, init);
    if (model) published.push(model);
  }
  const unique = [...new Map(published.map((model) => [model.path, model])).values()];
  await data.writePublished(unique.map(recordOf));
  return unique;
}

async function publishNamed(
  data: DataFolder,
  signer: Signer,
  { place, sha256, licence }: ModelSource,
  records: readonly PublishedRecord[],
  init: GatherInit,
): Promise<PublishedModel> {
  if (!isUrl(place)) {
    if (sha256 !== undefined) await checkHash(place, sha256, init);
    return publishPath(data, signer, resolve(place), records, { licence }, init);
  }
  const fetched = await fetchModel(data, place, sha256, init);
  const source = withoutSecrets(new URL(place));
  const about = { licence, ...(source.length <= 512 ? { source } : {}) };
  return publishFetched(() => publishPath(data, signer, fetched, records, about, init), fetched);
}

/** A fetched file that is no model, e.g. because the server broke off without a word, is not kept. */
async function publishFetched(publish: () => Promise<PublishedModel>, path: string): Promise<PublishedModel> {
  try {
    return await publish();
  } catch (error) {
    if (error instanceof RelayError && error.code === 'model-refused') await discardDownload(path);
    throw error;
  }
}

async function checkHash(path: string, required: string, init: GatherInit): Promise<void> {
  await stampOf(path);
  const found = await hashFile(path, init.signal);
  init.say(`${basename(path)} has SHA-256 ${found}`);
  if (found === required) return;
  throw new RelayError(
    'hash-mismatch',
    `${path} has SHA-256 ${found}, required ${required}; check the file and the number`,
    { place: path },
  );
}

/** @returns where it lies */
async function fetchModel(
  data: DataFolder,
  url: string,
  sha256: string | undefined,
  init: GatherInit,
): Promise<string> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const label = parsed?.pathname.split('/').at(-1) || 'model';
  const bar = init.progress(`fetching ${label}`);
  try {
    const { path, sizeBytes, isFresh, ...found } = await downloadModel({
      url,
      dir: data.modelsPath,
      onProgress: bar.update,
      onRetry: (reason) => init.say(`${label}: ${reason}; trying again`),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(init.downloadLimits ? { limits: init.downloadLimits } : {}),
      ...(init.signal ? { signal: init.signal } : {}),
    });
    bar.end();
    if (isFresh) init.say(`fetched ${basename(path)}, ${formatBytes(sizeBytes)}, SHA-256 ${found.sha256}`);
    return path;
  } finally {
    bar.end();
  }
}

async function publishAgain(data: DataFolder, signer: Signer, record: PublishedRecord, init: GatherInit) {
  try {
    return await publishPath(data, signer, record.path, [record], record, init);
  } catch (error) {
    if (isAbort(error) || !(error instanceof RelayError)) throw error;
    init.say(`skipped: ${error.message.replace(/^relay: /, '')}`);
    return undefined;
  }
}

/** A clone may lack the file; the page opens all the same. */
async function publishDefault(
  data: DataFolder,
  signer: Signer,
  { path, licence }: DefaultModel,
  records: readonly PublishedRecord[],
  init: GatherInit,
): Promise<PublishedModel | undefined> {
  init.say('no model named: publishing the built-in one; another with  npm start -- --model FILE.gguf');
  try {
    return await publishPath(data, signer, path, records, { licence }, init);
  } catch (error) {
    if (isAbort(error) || !(error instanceof RelayError)) throw error;
    init.say(`skipped: ${error.message.replace(/^relay: /, '')}`);
    return undefined;
  }
}

async function publishPath(
  data: DataFolder,
  signer: Signer,
  path: string,
  records: readonly PublishedRecord[],
  about: { readonly licence?: string | undefined; readonly source?: string | undefined },
  init: GatherInit,
): Promise<PublishedModel> {
  const known = records.find((record) => record.path === path);
  const bar = init.progress(`publishing ${basename(path)}`);
  try {
    return await publishModel(data, signer, {
      path,
      onProgress: bar.update,
      ...(about.licence === undefined ? {} : { licence: about.licence }),
      ...(about.source === undefined ? {} : { source: about.source }),
      ...(known ? { known } : {}),
      ...(init.signal ? { signal: init.signal } : {}),
    });
  } finally {
    bar.end();
  }
}
