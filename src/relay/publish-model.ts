import { basename } from 'node:path';
import { isAbort } from '../base/app-error.ts';
import { isSha256Hex } from '../base/branded.ts';
import type { Manifest, Signer } from '../protocol/index.ts';
import { openManifest, WeightsError } from '../weights/index.ts';
import { buildModel, openTorrentFile } from '../weights/node-index.ts';
import type { DataFolder, PublishedRecord } from './data-folder.ts';
import { describeError, RelayError } from './errors.ts';
import { changed, isSameStamp, openModelFile, stampOf, type FileStamp } from './model-file.ts';

/** A model as it is served. */
export interface PublishedModel extends FileStamp {
  /** Absolute. */
  readonly path: string;
  readonly manifest: Manifest;
  /** Signed. */
  readonly manifestBytes: Uint8Array;
  readonly torrent: Uint8Array;
}

export interface PublishInit {
  /** Absolute. */
  readonly path: string;
  readonly licence?: string;
  readonly source?: string;
  /** What an earlier run remembered of this path. */
  readonly known?: PublishedRecord;
  readonly onProgress?: (doneBytes: number, sizeBytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes a file ready to be served: from what an earlier run kept if the file's size and time of change are the same,
 * else by reading it once.
 *
 * @throws {RelayError} `model-missing`, `model-refused`, `model-changed`
 */
export async function publishModel(data: DataFolder, signer: Signer, init: PublishInit): Promise<PublishedModel> {
  const before = await stampOf(init.path);
  const kept = await readKept(data, signer, before, init.known);
  const isRelicensed = init.licence !== undefined && init.licence !== kept?.manifest.licence;
  if (kept && !isRelicensed) return { path: init.path, ...before, ...kept };
  const built = await build(signer, init);
  if (!isSameStamp(before, await stampOf(init.path))) throw changed(init.path);
  const { root } = built.manifest;
  await data.writeDocument('manifest', root, built.manifestBytes);
  await data.writeDocument('torrent', root, built.torrent);
  return { path: init.path, ...before, ...built };
}

export function recordOf(model: PublishedModel): PublishedRecord {
  const { root, licence, source } = model.manifest;
  return {
    path: model.path,
    sizeBytes: model.sizeBytes,
    mtimeMs: model.mtimeMs,
    root,
    ...(licence === undefined ? {} : { licence }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Believes nothing that lay on the disk: signature, root and torrent are checked again, and what fails is made anew. */
async function readKept(data: DataFolder, signer: Signer, stamp: FileStamp, known: PublishedRecord | undefined) {
  if (!known || !isSameStamp(stamp, known) || !isSha256Hex(known.root)) return undefined;
  const manifestBytes = await data.readDocument('manifest', known.root);
  const torrent = await data.readDocument('torrent', known.root);
  if (!manifestBytes || !torrent) return undefined;
  try {
    const { manifest } = openManifest(manifestBytes, { root: known.root, author: signer.publicKey });
    await openTorrentFile(torrent, manifest);
    return manifest.sizeBytes === stamp.sizeBytes ? { manifest, manifestBytes, torrent } : undefined;
  } catch {
    return undefined;
  }
}

async function build(signer: Signer, init: PublishInit) {
  const { path, licence, source, onProgress, signal } = init;
  const file = await openModelFile(path);
  try {
    const built = await buildModel(file, {
      signer,
      ...(licence === undefined ? {} : { licence }),
      ...(source === undefined ? {} : { source }),
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
    // A page would refuse what we ourselves cannot open, e.g. an impossible file name.
    openManifest(built.manifestBytes, { author: signer.publicKey });
    return built;
  } catch (cause) {
    if (isAbort(cause) || cause instanceof RelayError) throw cause;
    const reason = cause instanceof WeightsError ? cause.message.replace(/^weights: /, '') : describeError(cause);
    throw new RelayError(
      'model-refused',
      `${basename(path)} cannot be published: ${reason}`,
      { place: path },
      { cause },
    );
  } finally {
    await file.close();
  }
}
