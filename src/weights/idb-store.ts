import { promisifyRequest, type UseStore } from 'idb-keyval';

/**
 * A key-value store of IndexedDB, as `createStore` of idb-keyval, in any realm's databases: a frame may have been given
 * those of its own site beside those that the browser keeps for it within another.
 *
 * @param factory the realm's own, as it is at the first use, by default
 */
export function openIdbStore(database: string, store: string, factory?: IDBFactory): UseStore {
  let opening: Promise<IDBDatabase> | undefined;
  async function open(): Promise<IDBDatabase> {
    const request = (factory ?? indexedDB).open(database);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(store));
    const opened = await promisifyRequest(request);
    opened.addEventListener('close', () => (opening = undefined));
    return opened;
  }
  return async (mode, run) => {
    opening ??= open();
    opening.catch(() => (opening = undefined));
    return run((await opening).transaction(store, mode).objectStore(store));
  };
}
