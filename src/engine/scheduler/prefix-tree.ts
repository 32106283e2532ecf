import { PAGE_TOKENS } from '../model/run-state.ts';
import type { PagePool } from './page-pool.ts';

/** A page of the KV cache that holds the positions of its tokens after those of its ancestors. */
export interface PrefixNode {
  readonly page: number;
}

/** Beginnings of sequences whose keys and values are in the cache, shared by all that begin so; whole pages only. */
export interface PrefixTree {
  /** Pages that nobody uses: they can be had back. */
  readonly idlePages: number;
  /** The node that holds `tokens` (one page of them) after `parent`, retained; undefined if there is none. */
  follow(parent: PrefixNode | undefined, space: string, tokens: readonly number[]): PrefixNode | undefined;
  /**
   * Keeps a computed page, retained. If another sequence was first, that one's node is returned: the page's bits are the
   * same, as no batch changes them, so the caller's own page is spare.
   */
  add(parent: PrefixNode | undefined, space: string, tokens: readonly number[], page: number): PrefixNode;
  release(node: PrefixNode): void;
  /** Gives the pages that were idle longest back to the pool until it has `count` free; false if it cannot have so many. */
  makeRoom(count: number): boolean;
}

interface Node extends PrefixNode {
  readonly key: string;
  readonly siblings: Map<string, Node>;
  readonly children: Map<string, Node>;
  /** Sequences that use it; those use its ancestors too. */
  users: number;
  lastUse: number;
}

/**
 * A radix tree over pages of tokens (RadixAttention, Zheng et al. 2024), least recently used leaves evicted first. A
 * `space` keeps apart what different adapters computed.
 */
export function createPrefixTree(pool: PagePool): PrefixTree {
  return new Tree(pool);
}

class Tree implements PrefixTree {
  readonly #pool: PagePool;
  readonly #spaces = new Map<string, Map<string, Node>>();
  readonly #idle = new Set<Node>();
  #clock = 0;

  constructor(pool: PagePool) {
    this.#pool = pool;
  }

  get idlePages(): number {
    return this.#idle.size;
  }

  follow(parent: PrefixNode | undefined, space: string, tokens: readonly number[]): PrefixNode | undefined {
    const siblings = parent ? (parent as Node).children : this.#spaces.get(space);
    const node = siblings?.get(keyOf(tokens));
    if (node) this.#retain(node);
    return node;
  }

  add(parent: PrefixNode | undefined, space: string, tokens: readonly number[], page: number): PrefixNode {
    const siblings = this.#childrenOf(parent, space);
    const key = keyOf(tokens);
    const known = siblings.get(key);
    const node = known ?? { page, key, siblings, children: new Map(), users: 0, lastUse: 0 };
    siblings.set(key, node);
    this.#retain(node);
    return node;
  }

  release(released: PrefixNode): void {
    const node = released as Node;
    node.users--;
    node.lastUse = this.#clock++;
    if (node.users === 0) this.#idle.add(node);
  }

  makeRoom(count: number): boolean {
    if (this.#pool.free + this.#idle.size < count) return false;
    while (this.#pool.free < count) {
      // An idle node has only idle descendants, so there is an idle leaf.
      const leaves = [...this.#idle].filter(({ children }) => children.size === 0);
      const oldest = leaves.reduce((a, b) => (b.lastUse < a.lastUse ? b : a));
      oldest.siblings.delete(oldest.key);
      if (oldest.siblings.size === 0) this.#forgetSpace(oldest.siblings);
      this.#idle.delete(oldest);
      this.#pool.giveBack([oldest.page]);
    }
    return true;
  }

  /** A space of which nothing is left, such as that of an adapter that was unloaded, leaves nothing behind. */
  #forgetSpace(root: Map<string, Node>): void {
    for (const [space, nodes] of this.#spaces) if (nodes === root) this.#spaces.delete(space);
  }

  #retain(node: Node): void {
    node.users++;
    this.#idle.delete(node);
  }

  #childrenOf(parent: PrefixNode | undefined, space: string): Map<string, Node> {
    if (parent) return (parent as Node).children;
    const root = this.#spaces.get(space) ?? new Map<string, Node>();
    this.#spaces.set(space, root);
    return root;
  }
}

function keyOf(tokens: readonly number[]): string {
  if (tokens.length !== PAGE_TOKENS) throw new TypeError(`a page holds ${PAGE_TOKENS} tokens`);
  return tokens.join();
}
