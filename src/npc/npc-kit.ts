import { isAbort } from '../base/app-error.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { allowedReplies } from './allowed-replies.ts';
import { createBudget, DEFAULT_BUDGET, type BudgetLimits } from './budget.ts';
import { citesOf, DEFAULT_RULES, findFault, type ReplyFault, type ReplyRules } from './check-reply.ts';
import type { Complete } from './complete.ts';
import { createLineStream } from './line-stream.ts';
import { parseScene } from './parse-scene.ts';
import { createPeerRecords, type PeerRecord } from './peer-record.ts';
import { STOCK } from './phrases.ts';
import { readReply, scenePrompt } from './scene-prompt.ts';
import { STYLES, type Scene, type SceneReply } from './scene.ts';

export interface NpcKitInit {
  readonly complete: Complete;
  readonly rules?: Partial<ReplyRules>;
  readonly budget?: Partial<BudgetLimits>;
  /** Answers asked for before the scripted line; the first is the likeliest, the others are drawn. */
  readonly attempts?: number;
  /** Milliseconds until the scripted line, all attempts together. */
  readonly deadlineMs?: number;
  /** Of one answer. */
  readonly maxTokens?: number;
  /** Of drawn answers: the same game with the same seed hears the same lines. */
  readonly seed?: number;
  readonly clock?: Clock;
  /** Whether the game has no time for lines now: asked before each answer; then the script speaks. */
  readonly isBusy?: () => boolean;
}

export interface SayOptions {
  /** Lines of the game's writers for when no answer passes; taken in turn. */
  readonly fallback?: readonly string[];
  readonly adapter?: string;
  readonly signal?: AbortSignal;
  /** Called with each sentence as soon as it is sure to stay, before the line is whole. */
  readonly onSentence?: (sentence: string) => void;
}

/** A line that the game may commit: it has passed every rule. */
export interface NpcLine extends SceneReply {
  readonly source: 'model' | 'script';
  /** Places of the quoted facts in the scene. */
  readonly cites: readonly number[];
  /** Who computed it: `device` or a peer; undefined for scripted lines. */
  readonly by: string | undefined;
  /** What was refused on the way, in order. */
  readonly refused: readonly Refusal[];
}

/** `late` and `failed` are about the computation, `budget` about the game's limits, `busy` about its frames. */
export type Refusal = ReplyFault | { readonly kind: 'late' | 'failed' | 'budget' | 'busy' };

export interface NpcKit {
  /**
   * What the character does and says. Nothing is remembered: the game hands its memory over in the scene.
   *
   * @throws {NpcError} for a scene that cannot be asked; `AbortError` when stopped; nothing else: a model that fails, is
   * slow or talks nonsense gives the scripted line
   */
  say(scene: Scene, options?: SayOptions): Promise<NpcLine>;
  /** Broken answers by who computed them. */
  peerRecords(): ReadonlyMap<string, PeerRecord>;
}

const DEFAULTS = { attempts: 3, deadlineMs: 5_000, maxTokens: 48, seed: 1 } as const;
const DRAWN_TEMPERATURE = 0.7;

/** Characters that talk within what their game tells them: ask, check against the scene, ask again, or read the script. */
export function createNpcKit(init: NpcKitInit): NpcKit {
  const { attempts, deadlineMs, maxTokens, seed } = { ...DEFAULTS, ...init };
  const clock = init.clock ?? systemClock;
  const rules: ReplyRules = { ...DEFAULT_RULES, ...init.rules };
  const budget = createBudget({ ...DEFAULT_BUDGET, ...init.budget }, clock);
  const peers = createPeerRecords();
  let asked = 0;
  let scripted = 0;

  const fromScript = (scene: Scene, { fallback = [] }: SayOptions, refused: readonly Refusal[]): NpcLine => {
    const style = STYLES.find((style) => style === scene.character.style) ?? 'plain';
    const say = fallback[scripted++ % Math.max(1, fallback.length)] ?? STOCK[style].unknown;
    const action = scene.actions.find((action) => action === 'talk') ?? scene.actions[0] ?? 'talk';
    return { action, say, source: 'script', cites: [], by: undefined, refused };
  };

  return {
    peerRecords: () => peers.all(),
    async say(given, options = {}) {
      const scene = parseScene(given);
      options.signal?.throwIfAborted();
      const refused: Refusal[] = [];
      const deadline = new AbortController();
      const cancelDeadline = clock.after(deadlineMs, () => deadline.abort());
      const signal = AbortSignal.any([deadline.signal, ...(options.signal ? [options.signal] : [])]);
      try {
        for (let attempt = 0; attempt < attempts; attempt++) {
          if (init.isBusy?.()) {
            refused.push({ kind: 'busy' });
            break;
          }
          if (!(attempt === 0 ? budget.begin(maxTokens) : budget.goOn(maxTokens))) {
            refused.push({ kind: 'budget' });
            break;
          }
          const stream = createLineStream(scene, rules, options.onSentence);
          const { reply, fault, by } = await ask(scene, attempt, stream.push, signal, options.adapter);
          options.signal?.throwIfAborted();
          if (fault) refused.push(fault);
          if (reply && !fault) stream.finish(reply);
          const line = fault ? stream.committed() : reply;
          if (line) return { ...line, source: 'model', cites: citesOf(scene, line), by, refused };
          if (deadline.signal.aborted) break;
        }
        return fromScript(scene, options, refused);
      } finally {
        cancelDeadline();
      }
    },
  };

  /** One answer of the model, and why it may not be committed. */
  async function ask(
    scene: Scene,
    attempt: number,
    onText: (text: string) => void,
    signal: AbortSignal,
    adapter: string | undefined,
  ): Promise<{ readonly reply?: SceneReply; readonly fault?: Refusal; readonly by?: string }> {
    const temperature = attempt === 0 ? 0 : DRAWN_TEMPERATURE;
    const drawn = (Math.imul(seed, 0x9e3779b1) + asked++) >>> 0;
    const messages = scenePrompt(scene);
    const choices = allowedReplies(scene, rules);
    try {
      const { text, by } = await untilAborted(
        init.complete({ messages, adapter, choices, maxTokens, temperature, seed: drawn, onText, signal }),
        signal,
      );
      const reply = readReply(text);
      const fault = findFault(scene, reply, rules);
      peers.add(by, fault?.kind === 'form' || fault?.kind === 'action');
      return { ...(reply && { reply }), ...(fault && { fault }), by };
    } catch (error) {
      return { fault: { kind: isAbort(error) ? 'late' : 'failed' } };
    }
  }
}

/** A `complete` that does not heed its signal must not hold the game up. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
