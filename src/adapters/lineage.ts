import type { ModelRoot } from '../base/branded.ts';
import type { AdapterFacts } from '../protocol/index.ts';
import { AdapterError } from './errors.ts';

/** Longer chains are work of machines that nobody can follow. */
const MAX_DEPTH = 16;

/**
 * Holds an adapter to its ancestors: each is known, changes the same base, and none is its own ancestor.
 *
 * @param find an adapter's facts by its root, as its file and signed manifest say them
 * @throws {AdapterError} `adapter-lineage`
 */
export function checkLineage(root: ModelRoot, find: (root: ModelRoot) => AdapterFacts | undefined): void {
  const base = find(root)?.base;
  const walk = (at: ModelRoot, below: readonly ModelRoot[]) => {
    if (below.includes(at)) throw broken(at, 'is its own ancestor');
    if (below.length > MAX_DEPTH) throw broken(at, `is more than ${MAX_DEPTH} generations up`);
    const facts = find(at);
    if (!facts) throw broken(at, 'is not known here');
    if (facts.base !== base) throw broken(at, 'changes another base');
    for (const parent of facts.parents) walk(parent.root, [...below, at]);
  };
  walk(root, []);
}

function broken(root: ModelRoot, why: string): AdapterError {
  const name = root.slice(0, 12);
  return new AdapterError('adapter-lineage', `adapter ${name}… ${why}; ask its publisher for a whole line`, { name });
}
