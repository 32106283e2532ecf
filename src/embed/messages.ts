import {
  array,
  boolean,
  finite,
  integer,
  literal,
  maxLength,
  maxValue,
  minValue,
  number,
  object,
  optional,
  picklist,
  pipe,
  regex,
  string,
  unknown,
  variant,
  type InferOutput,
} from 'valibot';
import { EMBED_STATES } from './api.ts';

/** Version of what loader and frame say to each other; both come from one release, but a page may keep an old loader. */
export const EMBED_PROTOCOL = 1;

export const EMBED_MODES = ['offer', 'npc', 'off'] as const;
/** `none`: a frame that may run scripts and nothing else, so that nothing of it outlives the page. */
export const FOOTPRINTS = ['site', 'none'] as const;
/** `yield`: while the page's frames are late, its characters speak from the script. */
/** Who may answer a page's questions, of those whom its person lets. */
export const ASKED = ['device', 'others'] as const;
export const LINES = ['always', 'yield'] as const;

const id = pipe(number(), integer(), minValue(1));
const text = (chars: number) => pipe(string(), maxLength(chars));
/** SHA-256, as 64 hexadecimal digits. */
const contentAddress = pipe(string(), regex(/^[0-9a-f]{64}$/));
const problem = object({ code: text(60), message: text(500) });

/** What the script tag asks for. The person may give less, never has to give more. */
export const embedOptions = object({
  /** `offer`: also others' work, if the person agrees; `npc`: this page's characters alone; `off`: nothing is shown. */
  mode: picklist(EMBED_MODES),
  /** Ceiling of the GPU's time for others' work, 0 to 0.5. */
  maxShare: pipe(number(), minValue(0.01), maxValue(0.5)),
  maxDownloadBytes: pipe(number(), minValue(0), maxValue(2 ** 31)),
  /** The page's 90th percentile of frame times above which the device yields. */
  frameBudgetMs: pipe(number(), minValue(8), maxValue(50)),
  /** Lines of the page's own characters yield too. */
  doLinesYield: optional(boolean(), false),
  /** The sheet asks whether other people's devices may answer this page's questions. */
  mayAskOthers: optional(boolean(), false),
});
export type EmbedOptions = InferOutput<typeof embedOptions>;

/** The one message between windows: everything later goes over the port that comes with it. */
export const hello = object({ t: literal('starling/hello'), v: literal(EMBED_PROTOCOL), options: embedOptions });

/** `swarm`: whoever shares the model. */
const where = optional(picklist(['device', 'swarm']));

const promptMessage = object({ role: picklist(['system', 'user', 'assistant']), content: text(8_000) });

/** What asks for an answer, whatever else it says. */
export const numbered = object({ id });

/** From the page to the frame. */
export const hostMessage = variant('t', [
  object({ t: literal('consent'), id }),
  object({ t: literal('pause') }),
  object({ t: literal('resume') }),
  object({ t: literal('revoke') }),
  object({ t: literal('frames'), p90Ms: pipe(number(), finite(), minValue(0)) }),
  object({
    t: literal('complete'),
    id,
    messages: pipe(array(promptMessage), maxLength(32)),
    choices: optional(pipe(array(text(600)), maxLength(600))),
    maxTokens: pipe(number(), integer(), minValue(1), maxValue(512)),
    temperature: pipe(number(), minValue(0), maxValue(2)),
    where,
  }),
  // The kit checks the scene itself, and names what is wrong with it.
  object({
    t: literal('say'),
    id,
    scene: unknown(),
    fallback: pipe(array(text(400)), maxLength(64)),
    adapter: optional(contentAddress),
    where,
  }),
  object({ t: literal('cancel'), id }),
]);
export type HostMessage = InferOutput<typeof hostMessage>;

/** From the frame to the page. */
export const frameMessage = variant('t', [
  object({ t: literal('state'), state: picklist(EMBED_STATES), problem: optional(problem) }),
  object({ t: literal('view'), isSheet: boolean() }),
  object({ t: literal('consent'), id, isGranted: boolean() }),
  object({ t: literal('text'), id, text: string() }),
  object({ t: literal('done'), id, value: unknown() }),
  object({ t: literal('failed'), id, name: text(60), problem }),
  object({ t: literal('error'), problem }),
]);
export type FrameMessage = InferOutput<typeof frameMessage>;

/** The site that the operator wrote into the frame's page. */
export const listedSite = object({ key: text(40), origins: pipe(array(text(300)), maxLength(100)) });
export type ListedSite = InferOutput<typeof listedSite>;
