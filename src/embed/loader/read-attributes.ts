import { EmbedError } from '../errors.ts';
import { ASKED, EMBED_MODES, FOOTPRINTS, LINES, type EmbedOptions } from '../messages.ts';

/** Everything that the script tag says. */
export interface TagAttributes {
  readonly site: string;
  /** Where the badge goes, as a CSS selector; undefined: the page's lower right corner. */
  readonly target: string | undefined;
  /** The browser keeps nothing of the frame: it may run scripts alone. */
  readonly isTraceless: boolean;
  readonly options: EmbedOptions;
}

const KNOWN = ['site', 'target', 'mode', 'maxDuty', 'maxDownloadMb', 'frameBudgetMs', 'footprint', 'lines', 'asks'];
const MIB = 1024 * 1024;

/**
 * @param data the tag's `data-` attributes, by their names in camel case
 * @throws {EmbedError} `bad-attribute`: one that is unknown, missing or out of bounds, with its name and what it may be
 */
export function readAttributes(data: Readonly<Record<string, string | undefined>>): TagAttributes {
  const unknown = Object.keys(data).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw refused(unknown, `is unknown; known are ${KNOWN.map(attributeName).join(', ')}`);
  const site = data['site'] ?? '';
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(site)) throw refused('site', 'is no site key; the operator gives you yours');
  const footprint = readChoice(data, 'footprint', FOOTPRINTS);
  return {
    site,
    target: data['target'],
    isTraceless: footprint === 'none',
    options: {
      mode: readChoice(data, 'mode', EMBED_MODES),
      maxShare: readNumber(data, 'maxDuty', 25, 1, 50) / 100,
      maxDownloadBytes: readNumber(data, 'maxDownloadMb', 200, 1, 2_047) * MIB,
      frameBudgetMs: readNumber(data, 'frameBudgetMs', 20, 8, 50),
      doLinesYield: readChoice(data, 'lines', LINES) === 'yield',
      mayAskOthers: readChoice(data, 'asks', ASKED) === 'others',
    },
  };
}

/** The first is usual. */
function readChoice<T extends string>(
  data: Readonly<Record<string, string | undefined>>,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const chosen = choices.find((each) => each === (data[name] ?? choices[0]));
  if (chosen === undefined) throw refused(name, `is one of ${choices.join(', ')}`);
  return chosen;
}

function readNumber(
  data: Readonly<Record<string, string | undefined>>,
  name: string,
  usual: number,
  least: number,
  most: number,
): number {
  const text = data[name];
  if (text === undefined) return usual;
  const value = /^\d{1,5}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw refused(name, `is a number from ${least} to ${most}`);
  return value;
}

function refused(name: string, why: string): EmbedError {
  return new EmbedError('bad-attribute', `embed: ${attributeName(name)} ${why}`, { name });
}

function attributeName(name: string): string {
  return `data-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
