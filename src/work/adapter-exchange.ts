import type { AdapterRoot, PeerId } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { copyBytes } from '../base/bytes.ts';
import { MAX_RATED_PEERS } from './constants.ts';
import { WorkError } from './errors.ts';
import { openWorkLink, type LinkComponents } from './work-link.ts';

/** What is needed to fetch an adapter, besides its bytes. */
export interface AdapterDocuments {
  /** Signed by the peer that shares it; nothing of it is checked yet. */
  readonly manifestBytes: Bytes;
  readonly torrent: Bytes;
}

/** Asks peers for the documents of the adapters that they share, and answers those who ask. */
export interface AdapterExchange {
  /** @throws {WorkError} `adapter-not-shared` if the peer says so or does not answer in time */
  ask(peer: PeerId, root: AdapterRoot): Promise<AdapterDocuments>;
  close(): void;
}

/** Ten times the slowest round trip seen over a relay. */
const ANSWER_MS = 10_000;
/** How often one peer is told. */
const TELL_EVERY_MS = 500;

/** @param share the documents of an adapter that this device shares now */
export function createAdapterExchange(
  components: LinkComponents,
  share: (root: AdapterRoot) => Promise<AdapterDocuments | undefined>,
): AdapterExchange {
  const { clock, logger } = components;
  const asked = new Map<string, PromiseWithResolvers<AdapterDocuments | undefined>>();
  let toldAtMs = new Map<PeerId, number>();
  const keyOf = (peer: PeerId, root: AdapterRoot) => `${peer} ${root}`;

  const link = openWorkLink(components, ['adapter/ask', 'adapter/tell'], (peer, message) => {
    const { root } = message;
    if (message.t === 'adapter/tell') {
      const { documents } = message;
      asked
        .get(keyOf(peer, root))
        ?.resolve(documents && { manifestBytes: copyBytes(documents.manifest), torrent: copyBytes(documents.torrent) });
      return;
    }
    // An answer is a thousand times as long as its question.
    const nowMs = clock.now();
    if (nowMs - (toldAtMs.get(peer) ?? -Infinity) < TELL_EVERY_MS) return;
    if (toldAtMs.size >= MAX_RATED_PEERS) toldAtMs = new Map();
    toldAtMs.set(peer, nowMs);
    share(root)
      .then((found) => {
        const documents = found && { manifest: found.manifestBytes, torrent: found.torrent };
        return link.send(peer, { t: 'adapter/tell', root, ...(documents && { documents }) });
      })
      .catch(() => logger.debug('documents of an adapter not sent', { peer }));
  });

  return {
    async ask(peer, root) {
      const key = keyOf(peer, root);
      const answer = asked.get(key) ?? Promise.withResolvers<AdapterDocuments | undefined>();
      asked.set(key, answer);
      const stop = clock.after(ANSWER_MS, () => answer.resolve(undefined));
      try {
        await link.send(peer, { t: 'adapter/ask', root }).catch(() => answer.resolve(undefined));
        const documents = await answer.promise;
        if (documents) return documents;
      } finally {
        stop();
        if (asked.get(key) === answer) asked.delete(key);
      }
      const message = `work: adapter ${root.slice(0, 12)}… is not shared by that peer now; try again later`;
      throw new WorkError('adapter-not-shared', message, { id: root });
    },
    close: () => link.close(),
  };
}
