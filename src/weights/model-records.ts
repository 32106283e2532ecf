import { del, entries, get, set } from 'idb-keyval';
import { custom, safeParse, strictObject, type InferOutput } from 'valibot';
import { isSha256Hex, type ModelRoot } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { openIdbStore } from './idb-store.ts';
import { namedStorage } from './storage-errors.ts';

const bytes = custom<Bytes>((value) => value instanceof Uint8Array, 'byte string expected');
const timeMs = custom<number>((value) => Number.isSafeInteger(value), 'milliseconds expected');

const modelRecord = strictObject({ manifestBytes: bytes, torrent: bytes, addedAtMs: timeMs, lastUsedAtMs: timeMs });

/** What is kept of a known model besides its pieces. */
export type ModelRecord = InferOutput<typeof modelRecord>;

/** Known models by root. A record of another version of the app counts as absent. */
export interface ModelRecords {
  get(root: ModelRoot): Promise<ModelRecord | undefined>;
  all(): Promise<readonly (readonly [ModelRoot, ModelRecord])[]>;
  put(root: ModelRoot, record: ModelRecord): Promise<void>;
  delete(root: ModelRoot): Promise<void>;
}

export function createMemoryModelRecords(): ModelRecords {
  const records = new Map<ModelRoot, ModelRecord>();
  return {
    get: (root) => Promise.resolve(records.get(root)),
    all: () => Promise.resolve([...records]),
    async put(root, record) {
      records.set(root, record);
    },
    async delete(root) {
      records.delete(root);
    },
  };
}

export function createIdbModelRecords(factory?: IDBFactory): ModelRecords {
  const store = openIdbStore('starling-models', 'models', factory);
  return {
    async get(root) {
      return readRecord(await namedStorage('read a model', 0, () => get<unknown>(root, store)));
    },
    async all() {
      const all = await namedStorage('list models', 0, () => entries<string, unknown>(store));
      return all.flatMap(([root, value]) => {
        const record = readRecord(value);
        return record && isSha256Hex(root) ? [[root, record] as const] : [];
      });
    },
    put: (root, record) =>
      namedStorage('store a model', record.manifestBytes.byteLength, () => set(root, record, store)),
    delete: (root) => namedStorage('delete a model', 0, () => del(root, store)),
  };
}

function readRecord(value: unknown): ModelRecord | undefined {
  const parsed = safeParse(modelRecord, value);
  return parsed.success ? parsed.output : undefined;
}
