import { advice } from './en/advice.ts';
import { asking } from './en/asking.ts';
import { frame } from './en/frame.ts';
import { history } from './en/history.ts';
import { log } from './en/log.ts';
import { settings } from './en/settings.ts';
import { sharing } from './en/sharing.ts';
import { studio } from './en/studio.ts';

/** English: the catalogue that every other one has the shape of. */
export const en = { ...frame, ...sharing, ...asking, studio, settings, history, advice, log };

/** Every sentence that a person reads. Those with gaps are functions, so that a translation may move the gaps. */
export type Words = typeof en;
