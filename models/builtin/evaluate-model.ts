import type { ModelRoot, PieceHash } from '../../src/base/branded.ts';
import type { Bytes } from '../../src/base/bytes.ts';
import { createRandom } from '../../src/base/random.ts';
import { sha256Hex } from '../../src/base/sha256.ts';
import { createEngineApi, type ChatMessage, type EngineApi } from '../../src/engine/index.ts';
import {
  DEFAULT_RULES,
  findFault,
  INTENTS,
  intentPrompt,
  readReply,
  scenePrompt,
  type Intent,
  type ReplyFault,
} from '../../src/npc/index.ts';
import { createMemoryPieceStore, parseGgufHeader } from '../../src/weights/index.ts';
import { playerMessage, unseenMessage } from './corpus/messages.ts';
import { createNamer } from './corpus/names.ts';
import { writeScene } from './corpus/scenes.ts';

/** An engine that holds one model. */
export interface OpenModel {
  readonly engine: EngineApi;
  readonly root: ModelRoot;
}

/** @param file a whole GGUF of at most 4 MiB: it becomes one piece */
export async function openModel(gpu: GPU, file: Bytes): Promise<OpenModel> {
  const store = createMemoryPieceStore();
  const hash: PieceHash = await sha256Hex(file);
  await store.put(hash, file);
  const engine = createEngineApi({ store, gpu });
  const root = hash as string as ModelRoot;
  const { headerBytes } = parseGgufHeader(file);
  await engine.loadModel({ root, headerBytes, pieces: [{ hash, sizeBytes: file.byteLength }] }, () => undefined);
  return { engine, root };
}

export interface IntentScores {
  /** Messages of wordings that were trained on, with names that were not. */
  readonly accuracy: number;
  /** Messages of wordings that were not. */
  readonly unseenAccuracy: number;
  readonly count: number;
  readonly unseenCount: number;
}

/** Which label the model finds likeliest as the whole answer, over equally many messages of every intent. */
export async function evaluateIntents(model: OpenModel, perIntent: number, seed: number): Promise<IntentScores> {
  const random = createRandom(seed);
  const init = { random, namer: createNamer(random, 'held-out'), split: 'held-out' } as const;
  const score = async (make: (intent: Intent) => string | undefined) => {
    const rows = INTENTS.flatMap((intent) =>
      Array.from({ length: perIntent }, () => ({ intent, player: make(intent) })),
    );
    const asked = rows.filter((row): row is { intent: Intent; player: string } => row.player !== undefined);
    const hits = await Promise.all(
      asked.map(async ({ intent, player }) => (await likeliest(model, player)) === intent),
    );
    return { share: hits.filter(Boolean).length / asked.length, count: asked.length };
  };
  const seen = await score((intent) => playerMessage(intent, init));
  const unseen = await score((intent) => (intent === 'ask' ? undefined : unseenMessage(intent, init)));
  return { accuracy: seen.share, count: seen.count, unseenAccuracy: unseen.share, unseenCount: unseen.count };
}

/** The label of the highest log-probability, its end token included. */
async function likeliest({ engine, root }: OpenModel, player: string): Promise<Intent> {
  const prompt = await engine.encodeChat(root, intentPrompt(player));
  const scores = await Promise.all(
    INTENTS.map(async (intent) => {
      const whole = await engine.encodePrompt(root, `${intent}<|end|>`);
      const label = whole.subarray(1); // Without the BOS.
      const { vocabulary, logProbabilities } = await engine.score(root, Uint32Array.from([...prompt, ...label]));
      const sum = label.reduce(
        (sum, token, at) => sum + (logProbabilities[(prompt.length - 1 + at) * vocabulary + token] ?? 0),
        0,
      );
      return { intent, sum };
    }),
  );
  return scores.reduce((best, each) => (each.sum > best.sum ? each : best)).intent;
}

export interface SceneScores {
  readonly count: number;
  /** Replies in the form of the prompt, with an allowed action. */
  readonly wellFormed: number;
  /** Replies of which every sentence is a fact of the scene or claims nothing, whatever their action. */
  readonly grounded: number;
  /** Replies that are both, and could be committed as they are. */
  readonly committable: number;
  /** Replies whose action is the one that the corpus would have chosen. */
  readonly rightAction: number;
  /** Among scenes whose answer is in the facts: replies that quote that fact. */
  readonly rightFact: number;
  readonly examples: readonly {
    readonly player: string;
    readonly answer: string;
    readonly fault: ReplyFault | undefined;
  }[];
}

/** Lets the model answer scenes with names that it has never seen, greedily and without constraints. */
export async function evaluateScenes(model: OpenModel, count: number, seed: number): Promise<SceneScores> {
  const random = createRandom(seed);
  const written = Array.from({ length: count }, () => writeScene(random, 'held-out', 1 + random.below(2)));
  const answers = await Promise.all(written.map(({ scene }, at) => answer(model, scenePrompt(scene), `scene-${at}`)));
  const rows = written.map((each, at) => {
    const text = answers[at] ?? '';
    const reply = readReply(text);
    const fault = findFault(each.scene, reply, DEFAULT_RULES);
    const anyAction = { ...each.scene, actions: reply ? [reply.action] : [] };
    const isGrounded = findFault(anyAction, reply, DEFAULT_RULES) === undefined;
    return {
      ...each,
      text,
      fault,
      isGrounded,
      isRightAction: reply?.action === each.reply.action,
      isRightFact: each.quoted === undefined ? undefined : reply?.say.endsWith(each.quoted) === true,
    };
  });
  const share = (test: (row: (typeof rows)[number]) => boolean, of = rows) => of.filter(test).length / of.length;
  const quoting = rows.filter(({ isRightFact }) => isRightFact !== undefined);
  return {
    count,
    wellFormed: share(({ fault }) => fault?.kind !== 'form' && fault?.kind !== 'action'),
    grounded: share(({ isGrounded }) => isGrounded),
    committable: share(({ fault }) => fault === undefined),
    rightAction: share(({ isRightAction }) => isRightAction),
    rightFact: share(({ isRightFact }) => isRightFact === true, quoting),
    examples: rows.map(({ scene, text, fault }) => ({ player: scene.player, answer: text, fault })),
  };
}

const MAX_REPLY_TOKENS = 48;

async function answer({ engine, root }: OpenModel, messages: readonly ChatMessage[], id: string): Promise<string> {
  const prompt = await engine.encodeChat(root, messages);
  let text = '';
  await engine.generate(
    {
      id,
      model: root,
      prompt,
      maxTokens: MAX_REPLY_TOKENS,
      sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 },
      record: 0,
      stop: [],
    },
    (event) => {
      if (event.t === 'done') text = event.text;
      if (event.t === 'failed') throw new Error(`${event.code}: ${event.message}`);
    },
  );
  return text;
}
