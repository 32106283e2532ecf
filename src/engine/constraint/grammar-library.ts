import type * as XGrammar from '@mlc-ai/web-xgrammar';

/** The parts of XGrammar (Dong et al. 2024) that we use: WebAssembly inside the module, about 1 MB. */
export type GrammarLibrary = Pick<typeof XGrammar, 'GrammarCompiler' | 'GrammarMatcher' | 'TokenizerInfo'>;

/** What the package's script, which is written for scripts of a page, finds or leaves on the global object. */
interface Realm {
  xgrammar?: GrammarLibrary;
  require?: unknown;
  __filename?: string;
  __dirname?: string;
  readonly process?: { getBuiltinModule?(name: string): { createRequire(from: string): unknown } };
}

let loading: Promise<GrammarLibrary> | undefined;

/** Fetches the library once; nothing of it is loaded before the first request with a constraint. */
export function loadGrammarLibrary(): Promise<GrammarLibrary> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<GrammarLibrary> {
  const realm = globalThis as Realm;
  const isNode = realm.process?.getBuiltinModule !== undefined && realm.require === undefined;
  try {
    if (isNode) {
      realm.require = realm.process?.getBuiltinModule?.('module').createRequire(import.meta.url);
      realm.__filename = '/xgrammar.js';
      realm.__dirname = '/';
    }
    // Bundlers may take the script for a module with exports; taken as it is, it leaves a global.
    const module = (await import('@mlc-ai/web-xgrammar')) as Partial<GrammarLibrary>;
    const library = realm.xgrammar ?? (module as GrammarLibrary);
    // The first call starts the WebAssembly, which under Node takes `require` once more.
    (await library.TokenizerInfo.createTokenizerInfo(['a'])).dispose();
    return library;
  } finally {
    delete realm.xgrammar;
    if (isNode) {
      delete realm.require;
      delete realm.__filename;
      delete realm.__dirname;
    }
  }
}
