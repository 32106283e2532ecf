import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { array, exactOptional, literal, number, parse, strictObject, string, type InferOutput } from 'valibot';
import { bytesToHex, hexToBytes, type Bytes } from '../base/bytes.ts';
import { describeError, RelayError, systemCode } from './errors.ts';

const record = strictObject({
  path: string(),
  sizeBytes: number(),
  /** Milliseconds since 1970 with fractions, as the file system has them. */
  mtimeMs: number(),
  root: string(),
  licence: exactOptional(string()),
  source: exactOptional(string()),
});
const publishedFile = strictObject({ v: literal(1), models: array(record) });

/** What is remembered of a published model: enough to serve it after a restart without hashing it again. */
export type PublishedRecord = InferOutput<typeof record>;

/** A published document besides the model itself. */
export type DocumentKind = 'manifest' | 'torrent';

/** Everything that survives a restart: the operator's key, the published models, and what was fetched. */
export interface DataFolder {
  readonly path: string;
  /** Where fetched models lie. */
  readonly modelsPath: string;
  /** 32-byte Ed25519 seed of the operator. */
  readonly seed: Bytes;
  readPublished(): Promise<PublishedRecord[]>;
  writePublished(records: readonly PublishedRecord[]): Promise<void>;
  /** Undefined if there is none. */
  readDocument(kind: DocumentKind, root: string): Promise<Uint8Array | undefined>;
  writeDocument(kind: DocumentKind, root: string, bytes: Uint8Array): Promise<void>;
}

/**
 * Opens the folder, making what is missing. The key is kept in `operator.key`, readable by its owner only.
 *
 * @throws {RelayError} `data-unusable`, `data-damaged`
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  const modelsPath = join(folder, 'models');
  const documentPath = (kind: DocumentKind, root: string) => join(folder, `${kind}s`, `${root}.${kind}`);
  return named(folder, async () => {
    for (const part of [folder, modelsPath, join(folder, 'manifests'), join(folder, 'torrents')]) {
      await mkdir(part, { recursive: true });
    }
    const seed = await readOrMakeSeed(join(folder, 'operator.key'));
    return {
      path: folder,
      modelsPath,
      seed,
      readPublished: () => named(folder, () => readPublished(join(folder, 'published.json'))),
      writePublished: (records) =>
        named(folder, () =>
          writeWhole(join(folder, 'published.json'), `${JSON.stringify({ v: 1, models: records }, null, 2)}\n`),
        ),
      readDocument: (kind, root) => named(folder, () => readIfThere(documentPath(kind, root))),
      writeDocument: (kind, root, bytes) => named(folder, () => writeWhole(documentPath(kind, root), bytes)),
    };
  });
}

async function readOrMakeSeed(path: string): Promise<Bytes> {
  const known = await readIfThere(path);
  if (known) {
    const text = new TextDecoder().decode(known).trim();
    if (!/^[0-9a-f]{64}$/.test(text)) {
      throw new RelayError('data-damaged', `${path} is no key; restore it, or move it away to get a new identity`, {
        place: path,
      });
    }
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
    return hexToBytes(text);
  }
  const seed = crypto.getRandomValues(new Uint8Array(32));
  await writeWhole(path, `${bytesToHex(seed)}\n`);
  return seed;
}

async function readPublished(path: string): Promise<PublishedRecord[]> {
  const bytes = await readIfThere(path);
  if (!bytes) return [];
  try {
    return parse(publishedFile, JSON.parse(new TextDecoder().decode(bytes))).models;
  } catch (cause) {
    throw new RelayError(
      'data-damaged',
      `${path} is damaged (${describeError(cause)}); move it away and name the models again with --model`,
      { place: path },
      { cause },
    );
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** All or nothing: a crash leaves the old file or the new one, never half of it. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const half = `${path}.${process.pid}.new`;
  const file = await open(half, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(half, path);
}

async function named<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    if (systemCode(cause) === 'ENOSPC') {
      throw new RelayError('disk-full', `no room left for ${folder}; free disk space`, { place: folder }, { cause });
    }
    throw new RelayError(
      'data-unusable',
      `data folder ${folder} cannot be used (${describeError(cause)}); correct its rights or choose another with --data`,
      { place: folder },
      { cause },
    );
  }
}
