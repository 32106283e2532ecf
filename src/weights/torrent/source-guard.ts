/** Failed pieces for which a source must have been the only contributor before it is banned. */
const STRIKES = 2;

/**
 * Finds the source that lies, by the one rule that measured well (reference p2p-stack, section 2.5): blame a source only
 * for a piece whose every block came from it, and ban it at the second such piece. Sharing blame among contributors bans
 * honest peers, because the blocks of one piece are mixed.
 */
export class SourceGuard<Source extends object> {
  readonly #contributors = new Map<number, Set<Source>>();
  readonly #strikes = new WeakMap<Source, number>();
  readonly #verifiedOf = new WeakMap<Source, number>();
  #banned = 0;

  get bannedCount(): number {
    return this.#banned;
  }

  /** A block of this piece came from this source. */
  contributed(source: Source, piece: number): void {
    const set = this.#contributors.get(piece) ?? new Set();
    this.#contributors.set(piece, set);
    set.add(source);
  }

  verified(piece: number): void {
    for (const source of this.#contributors.get(piece) ?? []) {
      this.#verifiedOf.set(source, (this.#verifiedOf.get(source) ?? 0) + 1);
    }
    this.#contributors.delete(piece);
  }

  /** The piece failed its hash. @returns the source to ban now, if any */
  failed(piece: number): Source | undefined {
    const [only, ...others] = this.#contributors.get(piece) ?? [];
    this.#contributors.delete(piece);
    if (!only || others.length > 0) return undefined;
    const strikes = (this.#strikes.get(only) ?? 0) + 1;
    this.#strikes.set(only, strikes);
    if (strikes !== STRIKES) return undefined;
    this.#banned++;
    return only;
  }

  /** Good pieces that this source took part in: whom to keep when all but one must go. */
  verifiedOf(source: Source): number {
    return this.#verifiedOf.get(source) ?? 0;
  }
}

/** Part of the model that may be wasted before only one source at a time is asked. */
const WASTE_SHARE = 0.02;
const WASTE_PER_VERIFIED = 0.25;

/**
 * True when more arrived than lies of single sources explain: then liars mix their blocks with honest ones. With one
 * source at a time from there on, the total stays below 1.3 times the model.
 *
 * @param wastedBytes received, and neither verified nor waiting for the rest of its piece
 */
export function isOverfetched(
  wastedBytes: number,
  verifiedBytes: number,
  sizeBytes: number,
  chunkBytes: number,
): boolean {
  const slack = Math.max(WASTE_SHARE * sizeBytes, STRIKES * chunkBytes);
  return wastedBytes > WASTE_PER_VERIFIED * verifiedBytes + slack;
}
