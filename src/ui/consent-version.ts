/** Version of the consent text; a change of its meaning is a new version, and people are asked again. */
export const CONSENT_TEXT_VERSION = '2026-11-21.2';
