import type { Words } from '../en.ts';

export const frame = {
  title: 'Starling',
  tagline: 'Teilen Sie die GPU dieses Rechners mit Menschen, die sie brauchen – solange diese Seite offen ist.',
  nothingYet: 'Nichts läuft, bevor Sie auf „Beginnen“ drücken.',
  sectionsLabel: 'Bereiche',
  sections: {
    contribute: 'Beitragen',
    models: 'Modelle',
    batch: 'Stapel',
    chat: 'Gespräch',
    studio: 'Studio',
    activity: 'Verlauf',
    settings: 'Einstellungen',
  },
  phase: {
    off: 'Aus',
    elsewhere: 'Läuft auf einer anderen Seite',
    starting: 'Startet',
    connected: 'Verbunden, teilt nicht',
    serving: 'Teilt',
    paused: 'Pausiert',
    stopping: 'Hält an',
  },
  footer:
    'Aufgaben von Fremden gehen durch den Speicher dieses Geräts. Sie können seine Netzadresse sehen. Starling ist freie Software unter Apache-2.0.',
  pause: 'Pause',
  pauseHour: 'Eine Stunde Pause',
  pausedUntil: (time) => `bis ${time}`,
  resume: 'Weiter',
  stop: 'Anhalten',
  inOtherTab: 'in einem anderen Tab',
  noModels: 'Der Betreiber dieser Seite bietet noch kein Modell an.',
  exactly: 'Was genau geschehen ist',
  update: {
    ready: 'Eine neue Version ist bereit. Die Seite öffnet sich neu; was dieses Gerät aufbewahrt, bleibt.',
    readyAtWork:
      'Eine neue Version ist bereit. Jetzt benutzt, geht laufende Arbeit zurück: andere erledigen sie, und Stapel gehen später weiter.',
    waits: 'Die neue Version beginnt, wenn die jetzige Arbeit getan ist.',
    now: 'Jetzt benutzen',
    afterWork: 'Nach dieser Arbeit',
  },
  activity: {
    empty: 'Noch ist nichts geschehen.',
    save: 'Als Datei speichern',
  },
} satisfies Partial<Words>;
