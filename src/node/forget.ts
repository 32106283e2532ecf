/** Ours, and what the service worker's library notes beside its caches. */
const DATABASES = /^(?:starling|workbox)-/;
const PREFIX = 'starling-';

/**
 * Deletes everything that Starling keeps in this browser: models, batches, identity, settings, history, the page itself.
 * Call it after `endOfflineShell`, in a page opened since, before anything of them is opened in this tab. A database that
 * another tab holds open is emptied at once and goes when that tab lets it.
 */
export async function forgetEverything(): Promise<void> {
  const databases = await indexedDB.databases().catch(() => []);
  for (const { name } of databases) if (name && DATABASES.test(name)) await forgetDatabase(name);
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  if ('caches' in globalThis) for (const name of await caches.keys()) await caches.delete(name);
}

/** Ends the offline shell: pages that open from now on come from the server, and nothing of them is kept. */
export async function endOfflineShell(): Promise<void> {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
}

async function forgetDatabase(name: string): Promise<void> {
  const database = await answerOf(indexedDB.open(name));
  const stores = [...database.objectStoreNames];
  if (stores.length > 0) {
    const emptying = database.transaction(stores, 'readwrite');
    for (const store of stores) emptying.objectStore(store).clear();
    await new Promise<void>((resolve, reject) => {
      emptying.addEventListener('complete', () => resolve());
      emptying.addEventListener('abort', () => reject(emptying.error ?? new Error(`${name} cannot be emptied`)));
    });
  }
  database.close();
  const deleting = indexedDB.deleteDatabase(name);
  await Promise.race([
    answerOf(deleting),
    new Promise<void>((resolve) => deleting.addEventListener('blocked', () => resolve())),
  ]);
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () =>
      reject(request.error ?? new Error('the browser’s storage does not answer')),
    );
  });
}
