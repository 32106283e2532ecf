import { safeParse } from 'valibot';
import { systemClock } from '../../base/clock.ts';
import type { SiteGrants } from '../../node/index.ts';
import type { EmbedErrorCode } from '../errors.ts';
import { hello, hostMessage, listedSite, numbered, type FrameMessage, type ListedSite } from '../messages.ts';
import { frameStorage, mayStore } from './frame-storage.ts';
import { createGrantStore } from './grant.ts';
import { startWorkersFromBlobs } from './opaque-workers.ts';
import { requestOwnSite } from './own-site.ts';
import { Session } from './session.ts';
import './starling-badge.ts';
import { StarlingBadge } from './starling-badge.ts';
import { EMBED_TEXT_VERSION } from './strings.ts';

if (self.origin === 'null') startWorkersFromBlobs();
const badge = new StarlingBadge();
document.body.append(badge);
let isTaken = false;

function readSite(): ListedSite | undefined {
  const text = document.querySelector<HTMLMetaElement>('meta[name="starling-site"]')?.content ?? '';
  if (text === '') return undefined;
  const parsed = safeParse(listedSite, JSON.parse(text));
  return parsed.success ? parsed.output : undefined;
}

const refusal = (code: EmbedErrorCode, message: string): Extract<FrameMessage, { readonly t: 'error' }> => ({
  t: 'error',
  problem: { code: `embed/${code}`, message: `embed: ${message}`.slice(0, 500) },
});

/** The page that holds this frame says hello once, with one end of a channel; other windows are not listened to. */
window.addEventListener('message', ({ source, origin, data, ports: [port] }: MessageEvent<unknown>) => {
  if (source !== window.parent || source === window) {
    console.warn(`starling: foreign-origin: a message from ${origin} was dropped`);
    return;
  }
  const parsed = safeParse(hello, data);
  if (!parsed.success || !port || isTaken) {
    console.warn(`starling: bad-message: the page ${origin} said what this version does not know`);
    return;
  }
  isTaken = true;
  const site = readSite();
  if (!site?.origins.includes(origin)) {
    const message = `the operator of Starling does not list ${origin} for this site key; ask for it to be added`;
    const { problem } = refusal('site-unlisted', message);
    port.postMessage({ t: 'error', problem } satisfies FrameMessage);
    port.postMessage({ t: 'state', state: 'failed', problem } satisfies FrameMessage);
    return;
  }
  listen(port, new URL(origin).origin, site, parsed.output.options);
});

function listen(
  port: MessagePort,
  origin: string,
  site: ListedSite,
  options: ConstructorParameters<typeof Session>[0]['options'],
): void {
  let listed: SiteGrants | undefined;
  const session = new Session({
    scope: { site: site.key, origin, textVersion: EMBED_TEXT_VERSION },
    options,
    // Asking for it throws where storage is forbidden, so it is asked for each time.
    grants: createGrantStore(() => localStorage),
    clock: systemClock,
    async openNode(embedding) {
      // First, as the browser may want the click to be fresh.
      const own = await requestOwnSite().catch(() => undefined);
      const place = frameStorage(own);
      badge.about = { ...badge.about, kept: place.storage.t };
      const { createNode, openSiteGrants } = await import('../../node/index.ts');
      listed = own && openSiteGrants(own);
      listed?.onRevoked((of) => {
        if (of.site === site.key && of.origin === origin) void session.revoke();
      });
      const node = createNode({ ...embedding, ...place });
      node.onChange(embedding.onChange);
      return node;
    },
    listed: () => listed,
    send: (message) => port.postMessage(message),
    onChange: () => badge.requestUpdate(),
  });
  const { maxDownloadBytes, maxShare, mode, mayAskOthers } = options;
  badge.session = session;
  badge.about = {
    origin,
    maxDownloadBytes,
    maxShare,
    isOffer: mode === 'offer',
    mayAskOthers,
    kept: mayStore() ? 'own' : 'memory',
  };
  badge.requestUpdate();
  port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const parsed = safeParse(hostMessage, data);
    if (parsed.success) return session.receive(parsed.output);
    const dropped = refusal('bad-message', `a message was dropped: ${parsed.issues[0].message}`);
    port.postMessage(dropped);
    const question = safeParse(numbered, data);
    if (!question.success) return;
    const { id } = question.output;
    port.postMessage({ t: 'failed', id, name: 'EmbedError', problem: dropped.problem } satisfies FrameMessage);
  });
  port.start();
  void session.begin();
}
