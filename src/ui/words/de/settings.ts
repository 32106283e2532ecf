import type { Words } from '../en.ts';

export const settings: Words['settings'] = {
  look: 'Wie diese Seite aussieht',
  language: 'Sprache',
  theme: 'Farben',
  themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
};
