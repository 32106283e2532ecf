/** Pages of the KV cache by number: taken when a sequence starts, given back when it ends. */
export interface PagePool {
  readonly free: number;
  /** `count` pages, or undefined if there are not so many. */
  take(count: number): number[] | undefined;
  giveBack(pages: readonly number[]): void;
}

export function createPagePool(pages: number): PagePool {
  const free = Array.from({ length: pages }, (_, i) => pages - 1 - i);
  return {
    get free() {
      return free.length;
    },
    take: (count) => (count <= free.length ? free.splice(free.length - count).toReversed() : undefined),
    giveBack: (taken) => void free.push(...taken),
  };
}
