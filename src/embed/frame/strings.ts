import type { EmbedState } from '../api.ts';

/** Where models are kept, as `StoragePlace` of the node says it. */
export type Kept = 'own' | 'lent' | 'memory';

/** Every sentence that the frame shows. The page that embeds it can change none of them. */
export const strings = {
  badge: {
    loading: 'Starling',
    off: 'Share this GPU?',
    asking: 'Share this GPU?',
    starting: 'Getting ready…',
    on: 'Sharing',
    paused: 'Paused',
    failed: 'Not available',
  } satisfies Record<EmbedState, string>,
  elsewhere: 'Runs elsewhere',
  useHere: 'Use here',
  pause: 'Pause',
  resume: 'Resume',
  title: 'Share this device’s GPU?',
  intro: (origin: string) => `${origin} asks. Starling, which this sheet belongs to, does the computing.`,
  rows: {
    gives: 'You give',
    share: (percent: number) => `up to ${percent} % of the GPU’s time; power use and fan noise rise with it`,
    npcOnly: 'GPU time for this page’s own characters',
    download: 'Download',
    downloadText: (size: string, kept: string) => `at most ${size}, ${kept}`,
    kept: {
      own: 'kept in this browser for this site until you end it',
      lent: 'kept once for all sites of this browser, on Starling’s own',
      memory: 'in memory alone: gone with this page, and fetched anew the next time',
    } satisfies Record<Kept, string>,
    get: 'You get',
    getText: 'characters of this page that answer in their own words',
    network: 'Network',
    networkText: 'other people’s computers connect to yours and can see its IP address',
    networkNone: 'no other people’s computers; the model comes from Starling’s server or other tabs',
    stop: 'To stop',
    stopText: 'press Pause on the badge, or open it and end it; closing the page ends everything',
  },
  others: 'Also answer other people’s requests',
  asksOthers: 'Let other people’s devices answer this page’s questions; they can read them',
  remember: 'For 30 days on this site, instead of this visit only',
  start: 'Start',
  notNow: 'Not now',
  wait: 'One moment: the sheet must be seen before it can be answered.',
  panelTitle: 'Starling on this page',
  panel: {
    site: 'Agreed for',
    until: 'Until',
    doing: 'Now',
    tokens: 'Tokens computed',
    lines: 'Lines of characters',
    requests: 'Requests of others',
    share: 'GPU',
    shareNow: (percent: number, cause: string) => `${percent} %${cause}`,
    causes: {
      person: '',
      site: '',
      frames: ', resting while the page would stutter',
      hidden: ', resting while the page is hidden',
    } as Readonly<Record<string, string>>,
    otherCause: ', held down by this device',
    log: 'What ran',
  },
  end: 'End it and forget',
  close: 'Close',
  problems: {
    'embed/site-unlisted': 'The operator of Starling does not know this site.',
    'embed/no-model': 'No model here is small enough for what this page allows.',
    'embed/covered': 'Paused: the badge cannot be seen.',
    'gpu/no-webgpu': 'This browser cannot use the GPU for computing.',
    'gpu/no-adapter': 'The browser found no GPU that it may use.',
    'node/offline': 'Starling’s server does not answer.',
    'node/elsewhere': 'Starling already runs in another tab or on another site.',
    'weights/quota-exceeded': 'The browser has too little room for the model.',
  } as Readonly<Record<string, string>>,
} as const;

/** A change of its meaning is a new version, and people are asked again. */
export const EMBED_TEXT_VERSION = '2026-11-22.2';
