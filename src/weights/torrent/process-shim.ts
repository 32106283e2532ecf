/**
 * webtorrent's dependencies (streamx among them) expect Node's `process` (reference p2p-stack, section 2.1). Imported
 * before webtorrent, in pages only.
 */
export const nodeScope = globalThis as { process?: unknown };

nodeScope.process ??= {
  browser: true,
  env: {},
  version: '',
  versions: {},
  nextTick: (run: (...values: unknown[]) => void, ...values: unknown[]) => queueMicrotask(() => run(...values)),
};
