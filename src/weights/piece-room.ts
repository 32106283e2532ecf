import { WeightsError } from './errors.ts';

/** What the browser says of its storage: the part of `navigator.storage` that is needed, so that tests can supply it. */
export interface StorageQuota {
  estimate(): Promise<{ readonly quota?: number; readonly usage?: number }>;
  persist(): Promise<boolean>;
}

// Chunks that wait for their pieces, IndexedDB's own records, and room for the rest of the app.
const SLACK_BYTES = 32 * 1024 * 1024;

/** Bytes that would be missing if `neededBytes` were fetched now; 0 where the browser does not say. */
export async function missingRoom(storage: StorageQuota, neededBytes: number): Promise<number> {
  const { quota, usage } = await storage.estimate();
  if (quota === undefined || neededBytes === 0) return 0;
  return Math.max(0, neededBytes + SLACK_BYTES - (quota - (usage ?? 0)));
}

export function noRoom(name: string, neededBytes: number, missingBytes: number): WeightsError {
  return new WeightsError(
    'quota-exceeded',
    `${name} needs ${neededBytes} more bytes and ${missingBytes} are missing; delete a model or free disk space`,
    { name, value: neededBytes, missingBytes },
  );
}
