/** Each by its own name, for those who look for it. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;

/** A language that there is a whole catalogue of; its tag is its primary subtag (BCP 47). */
export type Language = keyof typeof LANGUAGES;

export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}
