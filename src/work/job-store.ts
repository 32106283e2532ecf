import type { JobId } from '../base/branded.ts';
import { CHUNK_CACHE_BYTES } from './constants.ts';
import { jobHead, jobPlan, keptLines, keptResults, readKept } from './job-schema.ts';
import type { JobHead, JobPlan, KeptLine, KeptResult } from './job-schema.ts';
import type { KeyValueStore } from './ports.ts';

/**
 * Where jobs are kept: `job/ID/head`, `…/plan`, `…/in/N` (the lines of chunk N) and `…/out/N` (what came of them).
 *
 * A new job's head is written last and removed first, so that a job without a head is a left-over and nothing else.
 */
export interface JobStore {
  /** Ids of jobs with a head, and ids of left-overs. */
  ids(): Promise<{ readonly jobs: readonly JobId[]; readonly leftovers: readonly JobId[] }>;
  /** @throws {WorkError} `job-damaged`; undefined if there is none */
  readHead(id: JobId): Promise<JobHead | undefined>;
  writeHead(id: JobId, head: JobHead): Promise<void>;
  readPlan(id: JobId): Promise<JobPlan>;
  writePlan(id: JobId, plan: JobPlan): Promise<void>;
  readLines(id: JobId, chunk: number): Promise<readonly KeptLine[]>;
  writeLines(id: JobId, chunk: number, lines: readonly KeptLine[]): Promise<void>;
  /** Empty if nothing of the chunk is settled. */
  readResults(id: JobId, chunk: number): Promise<readonly KeptResult[]>;
  writeResults(id: JobId, chunk: number, results: readonly KeptResult[]): Promise<void>;
  remove(id: JobId): Promise<void>;
}

const KEY = /^job\/([^/]+)\/(head|plan|in\/\d+|out\/\d+)$/;

export function createJobStore(store: KeyValueStore): JobStore {
  const cache = createChunkCache();
  const keysOf = async (id: JobId) => (await store.keys()).filter((key) => KEY.exec(key)?.[1] === id);
  return {
    async ids() {
      const heads = new Set<JobId>();
      const all = new Set<JobId>();
      for (const key of await store.keys()) {
        const match = KEY.exec(key);
        if (!match) continue;
        all.add(match[1] as JobId);
        if (match[2] === 'head') heads.add(match[1] as JobId);
      }
      return { jobs: [...heads], leftovers: [...all].filter((id) => !heads.has(id)) };
    },
    async readHead(id) {
      const value = await store.get(`job/${id}/head`);
      return value === undefined ? undefined : readKept(jobHead, value, 'head');
    },
    writeHead: (id, head) => store.set(`job/${id}/head`, head),
    readPlan: async (id) => readKept(jobPlan, await store.get(`job/${id}/plan`), 'plan'),
    writePlan: (id, plan) => store.set(`job/${id}/plan`, { v: 1, ...plan }),
    async readLines(id, chunk) {
      const key = `job/${id}/in/${chunk}`;
      const cached = cache.get(key);
      if (cached) return cached;
      const lines = readKept(keptLines, await store.get(key), `lines ${chunk}`);
      cache.put(key, lines);
      return lines;
    },
    writeLines: (id, chunk, lines) => store.set(`job/${id}/in/${chunk}`, lines),
    async readResults(id, chunk) {
      const value = await store.get(`job/${id}/out/${chunk}`);
      return value === undefined ? [] : readKept(keptResults, value, `results ${chunk}`);
    },
    writeResults: (id, chunk, results) => store.set(`job/${id}/out/${chunk}`, results),
    async remove(id) {
      await store.delete(`job/${id}/head`);
      for (const key of await keysOf(id)) await store.delete(key);
      cache.drop(`job/${id}/`);
    },
  };
}

/** The chunks read last, up to CHUNK_CACHE_BYTES; a larger chunk is not kept. */
function createChunkCache() {
  const chunks = new Map<string, { readonly lines: readonly KeptLine[]; readonly bytes: number }>();
  let held = 0;
  const drop = (key: string) => {
    held -= chunks.get(key)?.bytes ?? 0;
    chunks.delete(key);
  };
  return {
    get(key: string) {
      const found = chunks.get(key);
      if (!found) return undefined;
      chunks.delete(key);
      chunks.set(key, found);
      return found.lines;
    },
    put(key: string, lines: readonly KeptLine[]) {
      const bytes = lines.reduce((sum, line) => sum + 256 + (line.t === 'record' ? line.prompt.byteLength : 0), 0);
      drop(key);
      chunks.set(key, { lines, bytes });
      held += bytes;
      for (const oldest of chunks.keys()) {
        if (held <= CHUNK_CACHE_BYTES) break;
        drop(oldest);
      }
    },
    drop(prefix: string) {
      for (const key of chunks.keys()) if (key.startsWith(prefix)) drop(key);
    },
  };
}
