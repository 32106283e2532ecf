import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { downloadFile, hashFile } from './download-file.ts';
import { RelayError } from './errors.ts';

export interface FetchedFile {
  readonly path: string;
  readonly sha256: string;
  /** It was here from an earlier run. */
  readonly wasHere: boolean;
}

interface FetchInit {
  readonly dataDir: string;
  readonly sha256?: string;
  readonly onProgress?: (doneBytes: number, totalBytes: number | undefined) => void;
  readonly signal: AbortSignal;
  readonly retryMs?: number;
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * Brings the file behind a URL into `data/models`, once: a second run finds it there.
 * @throws {RelayError} `bad-option`, `download-failed` or `wrong-hash`
 */
export async function fetchModelFile(url: string, init: FetchInit): Promise<FetchedFile> {
  const path = join(init.dataDir, 'models', fileNameOf(url));
  if (existsSync(path)) {
    const sha256 = await hashFile(path, init.signal);
    if (init.sha256 === undefined || sha256 === init.sha256) return { path, sha256, wasHere: true };
  }
  return { path, sha256: await downloadFile({ ...init, url, path }), wasHere: false };
}

/** The name in the URL, with a mark of the whole URL, so that two `model.gguf` do not become one. */
function fileNameOf(url: string): string {
  if (!URL.canParse(url))
    throw new RelayError('bad-option', `${url.slice(0, 200)} is not a URL; pass http(s)://… or a path`);
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const stem =
    last
      .replace(/\.gguf$/i, '')
      .replaceAll(/[^\w.-]+/g, '-')
      .replace(/^\.+/, '')
      .slice(0, 80) || 'model';
  return `${stem}-${createHash('sha256').update(url).digest('hex').slice(0, 8)}.gguf`;
}
