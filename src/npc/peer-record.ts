/** How the answers of one peer fared. */
export interface PeerRecord {
  readonly answers: number;
  /** Not in form, or with an action that does not exist: what a sound computation of the model hardly ever gives. */
  readonly broken: number;
}

/** Counts broken output by who computed it: a signal about bad compute that costs nothing. */
export interface PeerRecords {
  add(peer: string, isBroken: boolean): void;
  all(): ReadonlyMap<string, PeerRecord>;
}

/** More peers than anybody meets in an evening; beyond it the one heard of least recently is forgotten. */
const MAX_PEERS = 256;

export function createPeerRecords(): PeerRecords {
  const records = new Map<string, PeerRecord>();
  return {
    add(peer, isBroken) {
      const { answers, broken } = records.get(peer) ?? { answers: 0, broken: 0 };
      records.delete(peer);
      records.set(peer, { answers: answers + 1, broken: broken + (isBroken ? 1 : 0) });
      const [oldest] = records.keys();
      if (records.size > MAX_PEERS && oldest !== undefined) records.delete(oldest);
    },
    all: () => new Map(records),
  };
}
