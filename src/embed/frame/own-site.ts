/** A person who leaves the browser's own question unanswered is not kept waiting for ever. */
const ANSWER_MS = 15_000;

/** What a browser gives of the storage of a frame's own site. */
export interface OwnSite {
  readonly locks: LockManager;
  readonly indexedDB: IDBFactory;
  estimate(): Promise<StorageEstimate>;
  BroadcastChannel(name: string): BroadcastChannel;
}
const WANTED = { locks: true, BroadcastChannel: true, indexedDB: true, estimate: true } as const;
type RequestAccess = (types: typeof WANTED) => Promise<OwnSite>;

/**
 * What this frame shares with Starling's own pages and its frames on other sites, where that can be had: browsers keep a
 * frame's storage apart for each site that shows it, and give its own site's only after a click, to people who have used
 * Starling itself.
 *
 * @see https://privacycg.github.io/saa-non-cookie-storage/
 */
export async function requestOwnSite(): Promise<OwnSite | undefined> {
  // Came with handles for storage; browsers without it would ask the person about cookies alone.
  if (!('hasUnpartitionedCookieAccess' in document) || self.origin === 'null') return undefined;
  const { state } = await navigator.permissions.query({ name: 'storage-access' });
  // Only a click may bring up the browser's question; what it once answered holds without one.
  if (state === 'denied' || (state === 'prompt' && !navigator.userActivation.isActive)) return undefined;
  const request = document.requestStorageAccess.bind(document) as unknown as RequestAccess;
  const silence = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), ANSWER_MS);
  });
  return Promise.race([request(WANTED), silence]).catch(() => undefined);
}
