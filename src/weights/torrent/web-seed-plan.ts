import { shuffled, type Random } from '../../base/random.ts';
import { isMyShare } from './share-plan.ts';

/** What is known at one tick of a download. */
export interface SwarmView {
  /** Milliseconds since the download began. */
  readonly elapsedMs: number;
  /** Chunks that are wanted and not verified. */
  readonly missing: readonly number[];
  /** Of those, chunks that the web seed may be asked for already. */
  readonly granted: ReadonlySet<number>;
  readonly selfId: string;
  readonly others: readonly { readonly id: string; has(chunk: number): boolean }[];
  /** How many others the tracker counted; undefined until it answered. */
  readonly countedOthers: number | undefined;
  /** Bytes that peers sent in the last second or two, per second. */
  readonly peerBytesPerSecond: number;
  /** Only the web seed is trusted any more. */
  readonly isWebOnly: boolean;
}

/** Without the tracker's answer nobody knows who else is here. */
const TRACKER_GRACE_MS = 1500;
/** Peers that the tracker counted and that cannot be reached are planned for this long; WebRTC took up to 5.4 s. */
const CONNECT_GRACE_MS = 8000;
/** Below this, peers do not carry the download and the web seed helps out. */
const FLOOR_BYTES_PER_SECOND = 512 * 1024;
const FIRST_GRANTS = 8;
const MAX_OUTSTANDING = 16;

/**
 * Decides which chunks the web seed may be asked for: the floor under a download, not its first choice.
 *
 * Alone, the web seed gives everything, slowly at first, because others may be arriving. In company it gives this tab's
 * share, and more only while the peers send too little. Call it every 250 ms or so.
 */
export class WebSeedPlan {
  readonly #random: Random;
  #ramp = FIRST_GRANTS;
  #extra = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns chunks to grant now, in random order so that tabs differ */
  next(view: SwarmView): readonly number[] {
    const open = view.missing.filter((chunk) => !view.granted.has(chunk));
    if (view.isWebOnly) return open;
    const hidden = this.#hiddenOthers(view);
    if (view.others.length + hidden === 0) return this.#alone(view, open);
    this.#ramp = FIRST_GRANTS;
    return this.#inCompany(view, open, hidden);
  }

  #hiddenOthers({ countedOthers = 0, others, elapsedMs }: SwarmView): number {
    return elapsedMs < CONNECT_GRACE_MS ? Math.max(0, countedOthers - others.length) : 0;
  }

  #alone(view: SwarmView, open: readonly number[]): readonly number[] {
    if (view.countedOthers === undefined && view.elapsedMs < TRACKER_GRACE_MS) return [];
    const count = this.#ramp;
    this.#ramp *= 2;
    return shuffled(open, this.#random).slice(0, count);
  }

  #inCompany(view: SwarmView, open: readonly number[], hidden: number): readonly number[] {
    const ids = view.others.map(({ id }) => id);
    for (let i = 0; i < hidden; i++) ids.push(`hidden-${i}`);
    const nobodyHas = open.filter((chunk) => !view.others.some((peer) => peer.has(chunk)));
    const mine = nobodyHas.filter((chunk) => isMyShare(chunk, view.selfId, ids));
    const room = MAX_OUTSTANDING - view.granted.size;
    const grants = shuffled(mine, this.#random).slice(0, Math.max(0, room));
    if (grants.length > 0 || view.granted.size > 0) return grants;
    return this.#floor(view, open, nobodyHas);
  }

  /** My share is done: help out while peers are slow, twice as much each time. */
  #floor(view: SwarmView, open: readonly number[], nobodyHas: readonly number[]): readonly number[] {
    if (view.peerBytesPerSecond >= FLOOR_BYTES_PER_SECOND || view.elapsedMs < TRACKER_GRACE_MS) {
      this.#extra = 1;
      return [];
    }
    const count = this.#extra;
    this.#extra = Math.min(2 * this.#extra, MAX_OUTSTANDING);
    return shuffled(nobodyHas.length > 0 ? nobodyHas : open, this.#random).slice(0, count);
  }
}
