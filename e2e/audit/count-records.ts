import type { Frame } from '@playwright/test';

/** What a frame's origin keeps in this page: records of its databases and of its local storage. */
export async function countRecords(frame: Frame): Promise<number> {
  return frame.evaluate(async () => {
    let records = localStorage.length;
    for (const { name = '' } of await indexedDB.databases()) {
      const opening = indexedDB.open(name);
      await new Promise((done) => opening.addEventListener('success', done));
      const database = opening.result;
      for (const store of database.objectStoreNames) {
        const counting = database.transaction(store).objectStore(store).count();
        await new Promise((done) => counting.addEventListener('success', done));
        records += counting.result;
      }
      database.close();
    }
    return records;
  });
}
