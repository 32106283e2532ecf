import type { NodePhase } from '../../../node/index.ts';

/** The page around its sections, and what every section may need. */
export const frame = {
  title: 'Starling',
  tagline: 'Share this computer’s GPU with people who need it, for as long as this page is open.',
  nothingYet: 'Nothing runs until you press Start.',
  sectionsLabel: 'Sections',
  sections: {
    contribute: 'Contribute',
    models: 'Models',
    batch: 'Batch',
    chat: 'Chat',
    studio: 'Studio',
    activity: 'Activity',
    settings: 'Settings',
  },
  phase: {
    off: 'Off',
    elsewhere: 'Running on another page',
    starting: 'Starting',
    connected: 'Connected, not sharing',
    serving: 'Sharing',
    paused: 'Paused',
    stopping: 'Stopping',
  } satisfies Record<NodePhase, string>,
  footer:
    'Work that strangers send passes through this device’s memory. They can see this device’s network address. Starling is free software under Apache-2.0.',
  pause: 'Pause',
  pauseHour: 'Pause for an hour',
  pausedUntil: (time: string) => `until ${time}`,
  resume: 'Resume',
  stop: 'Stop',
  inOtherTab: 'in another tab',
  noModels: 'The operator of this page has not published a model yet.',
  exactly: 'What exactly happened',
  update: {
    ready: 'A new version is ready. The page opens anew; what this device keeps stays.',
    readyAtWork:
      'A new version is ready. Used now, running work is handed back: others do it, and batches go on later.',
    waits: 'The new version begins when the present work is done.',
    now: 'Use it now',
    afterWork: 'After this work',
  },
  activity: {
    empty: 'Nothing has happened yet.',
    save: 'Save as file',
  },
};
