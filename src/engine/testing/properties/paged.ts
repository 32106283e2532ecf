import { shuffled, type Random } from '../../../base/random.ts';
import { PAGE_TOKENS } from '../../model/run-state.ts';
import { times } from './kernel-property.ts';

/** Where the positions of some slots lie in a cache whose pages are in no order. */
export function shuffledPages(slots: number, pagesPerSlot: number, random: Random) {
  const table = Uint32Array.from(
    shuffled(
      times(slots * pagesPerSlot, (i) => i),
      random,
    ),
  );
  const at = (slot: number, position: number) => ({
    page: table[slot * pagesPerSlot + Math.floor(position / PAGE_TOKENS)] ?? 0,
    inPage: position % PAGE_TOKENS,
  });
  return { table, at };
}

/** Index of dimension d in keys: (pages, kv_heads, size / 4, 16, 4). */
export function keyIndex(page: number, inPage: number, kv: number, d: number, kvHeads: number, size: number): number {
  return (((page * kvHeads + kv) * (size / 4) + (d >> 2)) * PAGE_TOKENS + inPage) * 4 + (d & 3);
}

/** Index of dimension d in values: (pages, kv_heads, 16, size). */
export function valueIndex(page: number, inPage: number, kv: number, d: number, kvHeads: number, size: number): number {
  return ((page * kvHeads + kv) * PAGE_TOKENS + inPage) * size + d;
}
