import { shuffled, type Random } from '../../../base/random.ts';
import { PAGE_TOKENS } from '../../model/run-state.ts';
import { times } from './kernel-property.ts';

/** Where the positions of some slots lie in a cache whose pages are in no order. */
export function shuffledPages(slots: number, pagesPerSlot: number, kvHeads: number, random: Random) {
  const table = Uint32Array.from(
    shuffled(
      times(slots * pagesPerSlot, (i) => i),
      random,
    ),
  );
  /** The head's room in the cache. */
  const place = (slot: number, position: number, kv: number) =>
    (table[slot * pagesPerSlot + Math.floor(position / PAGE_TOKENS)] ?? 0) * kvHeads + kv;
  return { table, place };
}
