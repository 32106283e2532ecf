import { copyBytes, type Bytes } from '../../base/bytes.ts';

/** The oracle's file beside each shared model; see its README. */
export interface Oracle {
  readonly text: string;
  readonly tokens: number[];
  readonly exact: [number, number][][];
  readonly greedy: number[];
}

export interface TestModel {
  readonly name: string;
  file(): Promise<Bytes>;
  oracle(): Promise<Oracle>;
}

type Urls = Record<string, string>;
const shared: Urls = import.meta.glob('../../../../shared/models/{random,stories260K}/*.gguf', {
  query: '?url',
  import: 'default',
  eager: true,
});
const fixtures: Urls = import.meta.glob('../../../e2e/fixtures/*.gguf', {
  query: '?url',
  import: 'default',
  eager: true,
});
const oracles = {
  ...import.meta.glob<Oracle>('../../../../shared/models/{random,stories260K}/*.reference.json', { import: 'default' }),
  ...import.meta.glob<Oracle>('../../../e2e/fixtures/*.reference.json', { import: 'default' }),
};

/** Every model of ../shared/models, or the fixtures in a clone without it. */
export const testModels: readonly TestModel[] = Object.entries(Object.keys(shared).length > 0 ? shared : fixtures).map(
  ([path, url]) => ({
    name: path.replace(/.*\//, '').replace('.gguf', ''),
    file: async () => copyBytes(new Uint8Array(await (await fetch(url)).arrayBuffer())),
    oracle: async () => {
      const load = oracles[path.replace('.gguf', '.reference.json')];
      if (!load) throw new TypeError(`no oracle beside ${path}`);
      return await load();
    },
  }),
);

export const hasSharedModels = Object.keys(shared).length > 0;
