import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { array, custom, number, optional, safeParse, strictObject, string, type InferOutput } from 'valibot';
import { isSha256Hex, type ModelRoot } from '../base/branded.ts';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { Manifest, Signer } from '../protocol/index.ts';
import { infoHashText, openManifest } from '../weights/index.ts';
import { buildModel, openTorrentFile } from '../weights/node-index.ts';
import { RelayError } from './errors.ts';
import { openGgufFile, stampFile, type FileStamp } from './gguf-file.ts';

/** A model that this operator publishes. */
export interface PublishedModel {
  readonly root: ModelRoot;
  readonly manifest: Manifest;
  readonly manifestBytes: Bytes;
  readonly torrent: Bytes;
  /** Hex. */
  readonly infoHash: string;
  readonly file: FileStamp;
}

export interface PublishInit {
  readonly licence?: string;
  readonly source?: string;
  readonly onProgress?: (doneBytes: number, sizeBytes: number) => void;
  readonly signal?: AbortSignal;
}

const shelfRecord = strictObject({
  path: string(),
  sizeBytes: number(),
  mtimeMs: number(),
  root: custom<ModelRoot>((value) => typeof value === 'string' && isSha256Hex(value)),
  licence: optional(string()),
  source: optional(string()),
});
const shelfFile = strictObject({ models: array(shelfRecord) });
type ShelfRecord = InferOutput<typeof shelfRecord>;

/** What the operator publishes; survives a restart in `models.json` and `published/` of the data folder. */
export class ModelShelf {
  readonly #dataDir: string;
  readonly #signer: Signer;
  readonly #logger: Logger;
  readonly #models = new Map<ModelRoot, PublishedModel>();
  #records: ShelfRecord[] = [];

  private constructor(dataDir: string, signer: Signer, logger: Logger) {
    this.#dataDir = dataDir;
    this.#signer = signer;
    this.#logger = logger;
  }

  /** Reads what was published before. Files that changed are read again; files that are gone are left out with a word. */
  static async open(dataDir: string, signer: Signer, logger: Logger): Promise<ModelShelf> {
    const shelf = new ModelShelf(dataDir, signer, logger);
    await mkdir(join(dataDir, 'published'), { recursive: true });
    for (const record of await shelf.#readRecords()) {
      try {
        await shelf.publish(record.path, optionsOf(record));
      } catch (error) {
        // It may be on a disk that is not mounted today: remembered, not served.
        shelf.#records.push(record);
        logger.warn('a published model is left out', { path: record.path, reason: messageOf(error) });
      }
    }
    return shelf;
  }

  list(): readonly PublishedModel[] {
    return [...this.#models.values()];
  }

  get(root: string): PublishedModel | undefined {
    return this.#models.get(root as ModelRoot);
  }

  hasInfoHash(infoHash: string): boolean {
    return this.list().some((model) => model.infoHash === infoHash);
  }

  /**
   * Publishes a GGUF file where it lies. What was made of it before is used again if size and time still fit.
   * @throws {RelayError} `no-such-file`; {WeightsError} for what is no GGUF that this build knows
   */
  async publish(path: string, init: PublishInit = {}): Promise<PublishedModel> {
    const file = await stampFile(path);
    const known = this.#records.find((record) => record.path === file.path);
    const record = known ?? (await this.#readRecords()).find((saved) => saved.path === file.path);
    const model = (record && (await this.#reuse(record, file, init))) ?? (await this.#build(file, init));
    this.#models.set(model.root, model);
    this.#records = this.#records.filter((other) => other.path !== file.path);
    this.#records.push({
      ...file,
      root: model.root,
      ...(model.manifest.licence === undefined ? {} : { licence: model.manifest.licence }),
      ...(model.manifest.source === undefined ? {} : { source: model.manifest.source }),
    });
    await this.#save(model);
    return model;
  }

  async #reuse(record: ShelfRecord, file: FileStamp, init: PublishInit): Promise<PublishedModel | undefined> {
    if (record.sizeBytes !== file.sizeBytes || record.mtimeMs !== file.mtimeMs) return undefined;
    if (init.licence !== undefined && init.licence !== record.licence) return undefined;
    if (init.source !== undefined && init.source !== record.source) return undefined;
    try {
      const manifestBytes = new Uint8Array(await readFile(this.#pathOf(record.root, 'manifest')));
      const torrent = new Uint8Array(await readFile(this.#pathOf(record.root, 'torrent')));
      const { manifest, author } = openManifest(manifestBytes, { root: record.root });
      await openTorrentFile(torrent, manifest);
      if (!equalBytes(author, this.#signer.publicKey) || manifest.sizeBytes !== file.sizeBytes) return undefined;
      return { root: record.root, manifest, manifestBytes, torrent, infoHash: infoHashText(manifest), file };
    } catch (error) {
      this.#logger.warn('saved manifest unusable, reading the file again', {
        path: file.path,
        reason: messageOf(error),
      });
      return undefined;
    }
  }

  async #build(file: FileStamp, init: PublishInit): Promise<PublishedModel> {
    const source = await openGgufFile(file);
    try {
      const { manifest, manifestBytes, torrent } = await buildModel(source, { ...init, signer: this.#signer });
      return { root: manifest.root, manifest, manifestBytes, torrent, infoHash: infoHashText(manifest), file };
    } finally {
      await source.close();
    }
  }

  async #save({ root, manifestBytes, torrent }: PublishedModel): Promise<void> {
    await writeWhole(this.#pathOf(root, 'manifest'), manifestBytes);
    await writeWhole(this.#pathOf(root, 'torrent'), torrent);
    await writeWhole(this.#recordsPath, `${JSON.stringify({ models: this.#records }, undefined, 2)}\n`);
  }

  async #readRecords(): Promise<readonly ShelfRecord[]> {
    const text = await readFile(this.#recordsPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{"models":[]}';
      throw new RelayError('data-unusable', `${this.#recordsPath} cannot be read; check its permissions`, error);
    });
    const parsed = safeParse(shelfFile, parseJson(text));
    if (parsed.success) return parsed.output.models;
    throw new RelayError(
      'data-unusable',
      `${this.#recordsPath} is not a list of models of this version; move it away and publish again with --model`,
    );
  }

  get #recordsPath(): string {
    return join(this.#dataDir, 'models.json');
  }

  #pathOf(root: ModelRoot, kind: 'manifest' | 'torrent'): string {
    return join(this.#dataDir, 'published', `${root}.${kind}`);
  }
}

function optionsOf({ licence, source }: ShelfRecord): PublishInit {
  return { ...(licence === undefined ? {} : { licence }), ...(source === undefined ? {} : { source }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Never leaves half a file behind, whenever the process ends. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, content);
  await rename(draft, path).catch(async (error: unknown) => {
    await rm(draft, { force: true });
    throw error;
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
