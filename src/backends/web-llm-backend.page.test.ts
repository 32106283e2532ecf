import { hasModelInCache } from '@mlc-ai/web-llm';
import { expect, test, vi } from 'vitest';
import { storeFiles } from './testing/stored-files.ts';
import { createWebLlmBackend, emptyCaches, fillCaches } from './web-llm-backend.ts';

/** The layout of a compiled model; its library is no real one, which none that may be fetched here is. */
const shard = new Uint8Array(64).fill(7);
const entries = {
  'mlc-chat-config.json': JSON.stringify({
    tokenizer_files: ['tokenizer.json'],
    vocab_size: 4,
    context_window_size: 64,
  }),
  'tensor-cache.json': JSON.stringify({
    metadata: { ParamSize: 1, ParamBytes: 64, BitsPerParam: 4 },
    records: [{ dataPath: 'params_shard_0.bin', format: 'raw-shard', nbytes: 64, records: [], md5sum: '' }],
  }),
  'params_shard_0.bin': shard,
  'tokenizer.json': '{}',
  'model.wasm': Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
};

test('web-llm finds a stored model in its cache, whole, and nothing is left of it afterwards', async () => {
  const base = 'https://store.invalid/test';
  const appConfig = {
    cacheBackend: 'cache' as const,
    model_list: [{ model: `${base}/resolve/main/`, model_id: base, model_lib: `${base}/model.wasm` }],
  };
  const urlOf = (name: string) => (name === 'model.wasm' ? `${base}/${name}` : `${base}/resolve/main/${name}`);
  expect(await hasModelInCache(base, appConfig)).toBe(false);
  await fillCaches(await storeFiles(entries), urlOf);
  expect(await hasModelInCache(base, appConfig)).toBe(true);
  const cached = await (await caches.open('webllm/model')).match(urlOf('params_shard_0.bin'));
  expect(new Uint8Array((await cached?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(shard);
  await emptyCaches(base);
  expect(await hasModelInCache(base, appConfig)).toBe(false);
});

test('a library that is none is refused by name, without a request, and the caches are emptied', async () => {
  const stored = await storeFiles(entries);
  const fetched = vi.spyOn(globalThis, 'fetch');
  const loading = createWebLlmBackend().load(stored, { task: 'chat' });
  await expect(loading).rejects.toMatchObject({ name: 'BackendError', code: 'model-invalid' });
  const foreign = fetched.mock.calls.filter(
    ([input]) => !(input instanceof Request ? input.url : String(input)).startsWith(location.origin),
  );
  expect(foreign).toEqual([]);
  for (const name of await caches.keys()) expect(await (await caches.open(name)).keys(), name).toEqual([]);
  fetched.mockRestore();
});

test('missing files and tasks that it does not do are named', async () => {
  const { 'model.wasm': _library, ...rest } = entries;
  const backend = createWebLlmBackend();
  const loading = backend.load(await storeFiles(rest), { task: 'chat' });
  await expect(loading).rejects.toMatchObject({ code: 'files-missing' });
  await expect(backend.load(await storeFiles(entries), { task: 'embedding' })).rejects.toMatchObject({
    code: 'task-unsupported',
  });
});
