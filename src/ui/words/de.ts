import type { Words } from './en.ts';
import { advice } from './de/advice.ts';
import { asking } from './de/asking.ts';
import { frame } from './de/frame.ts';
import { history } from './de/history.ts';
import { log } from './de/log.ts';
import { settings } from './de/settings.ts';
import { sharing } from './de/sharing.ts';
import { studio } from './de/studio.ts';

/** German, whole. */
export const de: Words = { ...frame, ...sharing, ...asking, studio, settings, history, advice, log };
