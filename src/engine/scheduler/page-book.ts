import { PAGE_TOKENS } from '../model/run-state.ts';
import { createPagePool, type PagePool } from './page-pool.ts';
import { createPrefixTree, type PrefixNode, type PrefixTree } from './prefix-tree.ts';
import type { Sequence } from './sequence.ts';

interface Init {
  /** Pages of the cache. */
  readonly pages: number;
  /** Whether sequences that begin alike share what they have computed. */
  readonly sharesPrefixes: boolean;
  /** Tells the GPU which pages a slot has. */
  readonly setPages: (slot: number, pages: readonly number[]) => void;
}

/** Who has which pages of the KV cache: lent to sequences in whole, shared where they begin alike. */
export class PageBook {
  readonly #init: Init;
  readonly #pool: PagePool;
  readonly #tree: PrefixTree;

  constructor(init: Init) {
    this.#init = init;
    this.#pool = createPagePool(init.pages);
    this.#tree = createPrefixTree(this.#pool);
  }

  /** Pages for all positions that the sequence may come to need; undefined if there are not so many now. */
  open(sequence: Sequence, slot: number): SequencePages | undefined {
    const { setPages } = this.#init;
    const sharesPrefix = this.#init.sharesPrefixes && !sequence.wantsAll;
    const pages = new SequencePages({ pool: this.#pool, tree: this.#tree, sequence, slot, sharesPrefix, setPages });
    return pages.take() ? pages : undefined;
  }
}

interface Parts {
  readonly pool: PagePool;
  readonly tree: PrefixTree;
  readonly sequence: Sequence;
  readonly slot: number;
  readonly sharesPrefix: boolean;
  readonly setPages: Init['setPages'];
}

/** The pages of one running sequence: first those that it shares, then its own. */
export class SequencePages {
  readonly #parts: Parts;
  readonly #nodes: PrefixNode[] = [];
  #pages: number[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Positions from the first that are shared with the tree. */
  get sharedPositions(): number {
    return this.#nodes.length * PAGE_TOKENS;
  }

  take(): boolean {
    const { pool, tree, sequence, slot, setPages } = this.#parts;
    while (this.#followOnce());
    const count = Math.ceil(sequence.maxPositions / PAGE_TOKENS) - this.#nodes.length;
    const own = tree.makeRoom(count) ? pool.take(count) : undefined;
    if (!own) {
      this.close();
      return false;
    }
    this.#pages.push(...own);
    setPages(slot, this.#pages);
    return true;
  }

  /** Goes on past pages that others have computed meanwhile, if the sequence stands before one. */
  catchUp(scheduled: number): number {
    if (scheduled !== this.sharedPositions) return scheduled;
    const before = this.#nodes.length;
    const own = this.#pages;
    while (this.#followOnce());
    if (this.#nodes.length > before) {
      this.#parts.pool.giveBack(own.slice(before, this.#nodes.length));
      this.#pages = [...this.#nodes.map(({ page }) => page), ...own.slice(this.#nodes.length)];
      this.#parts.setPages(this.#parts.slot, this.#pages);
    }
    return this.sharedPositions;
  }

  /** Shares the whole pages among the first `positions`, whose steps must have been submitted. */
  keep(positions: number): void {
    const { tree, sequence, sharesPrefix, pool, slot, setPages } = this.#parts;
    if (!sharesPrefix) return;
    for (
      let next = this.#pageTokens();
      next && this.sharedPositions + PAGE_TOKENS <= positions;
      next = this.#pageTokens()
    ) {
      const at = this.#nodes.length;
      const own = this.#pages[at] ?? 0;
      const node = tree.add(this.#nodes.at(-1), sequence.space, next, own);
      this.#nodes.push(node);
      if (node.page === own) continue;
      pool.giveBack([own]);
      this.#pages[at] = node.page;
      setPages(slot, this.#pages);
    }
  }

  /** Whether the next page would be the same as that of `other`: the later one does well to wait for it. */
  willShare(other: SequencePages): boolean {
    const mine = this.#parts.sharesPrefix ? this.#pageTokens() : undefined;
    const theirs = other.#parts.sharesPrefix ? other.#pageTokens() : undefined;
    if (!mine || !theirs || this.#parts.sequence.space !== other.#parts.sequence.space) return false;
    return this.#nodes.at(-1) === other.#nodes.at(-1) && mine.every((token, i) => token === theirs[i]);
  }

  close(): void {
    const { pool, tree } = this.#parts;
    pool.giveBack(this.#pages.slice(this.#nodes.length));
    for (const node of this.#nodes.splice(0).toReversed()) tree.release(node);
    this.#pages = [];
  }

  /** Takes the next shared page if the tree has it and a token stays to compute behind it. */
  #followOnce(): boolean {
    const { tree, sequence, sharesPrefix } = this.#parts;
    const next = sharesPrefix ? this.#pageTokens() : undefined;
    if (!next || this.sharedPositions + PAGE_TOKENS >= sequence.tokens.length) return false;
    const node = tree.follow(this.#nodes.at(-1), sequence.space, next);
    if (!node) return false;
    this.#nodes.push(node);
    if (this.#pages.length < this.#nodes.length) this.#pages.push(node.page);
    return true;
  }

  /** Tokens of the page behind the shared ones, if all are known. */
  #pageTokens(): readonly number[] | undefined {
    const { tokens } = this.#parts.sequence;
    const from = this.sharedPositions;
    return from + PAGE_TOKENS <= tokens.length ? tokens.slice(from, from + PAGE_TOKENS) : undefined;
  }
}
