import { readFile, writeFile } from 'node:fs/promises';
import { exactOptional, number, safeParse, strictObject, string, type InferOutput } from 'valibot';
import type { Answer } from './model-request.ts';

const stateFile = strictObject({
  url: string(),
  etag: exactOptional(string()),
  modified: exactOptional(string()),
  sizeBytes: exactOptional(number()),
  /** Set when the file is complete. */
  sha256: exactOptional(string()),
  mtimeMs: exactOptional(number()),
});
/** What is known of a file that is being or was fetched; it lies beside it as `<name>.json`. */
export type DownloadState = InferOutput<typeof stateFile>;

/** What tells this version of the file from another. */
export function identityOf({ etag, modified, sizeBytes }: Answer): Omit<DownloadState, 'url'> {
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { modified }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  };
}

/** True if nothing that the server says of the file speaks against what it said before. */
export function isSameVersion(state: DownloadState, answer: Answer, have: number): boolean {
  const differs = <T>(a: T | undefined, b: T | undefined) => a !== undefined && b !== undefined && a !== b;
  if (differs(state.etag, answer.etag) || differs(state.sizeBytes, answer.sizeBytes)) return false;
  if (state.etag === undefined && differs(state.modified, answer.modified)) return false;
  return answer.sizeBytes === undefined || have <= answer.sizeBytes;
}

export function statePath(path: string): string {
  return `${path}.json`;
}

/** Undefined if there is none or it is damaged: the file is then fetched anew. */
export async function readState(path: string): Promise<DownloadState | undefined> {
  try {
    const result = safeParse(stateFile, JSON.parse(await readFile(statePath(path), 'utf8')));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

export async function writeState(path: string, state: DownloadState): Promise<void> {
  await writeFile(statePath(path), JSON.stringify(state));
}
