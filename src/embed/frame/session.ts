import type { Clock } from '../../base/clock.ts';
import type { Embedding, NodeSnapshot, SiteGrants, StarlingNode } from '../../node/index.ts';
import type { EmbedProblem, EmbedState } from '../api.ts';
import { EmbedError } from '../errors.ts';
import type { EmbedOptions, FrameMessage, HostMessage } from '../messages.ts';
import { createAnswers } from './answers.ts';
import { createComputing, type Computing } from './computing.ts';
import { isValid, MONTH_MS, VISIT_MS, type Grant, type GrantScope, type GrantStore } from './grant.ts';
import { ELSEWHERE, startNode, type ChosenModel, type StartedNode } from './start-node.ts';

export interface SessionInit {
  readonly scope: GrantScope;
  readonly options: EmbedOptions;
  readonly grants: GrantStore;
  readonly clock: Clock;
  /** Called after consent, never before. */
  readonly openNode: (embedding: Omit<Embedding, 'storage' | 'realm'>) => Promise<StarlingNode>;
  /** The device's list, where this frame may write to it; known once the node is open. */
  readonly listed: () => SiteGrants | undefined;
  readonly send: (message: FrameMessage) => void;
  readonly onChange: () => void;
}

/** What the sheet's switches said. */
export interface Agreement {
  readonly isShared: boolean;
  readonly asksOthers?: boolean;
  readonly isRemembered: boolean;
}

/** Why it waits; each is ended by whoever began it. */
export type PauseCause = 'person' | 'page' | 'covered' | 'elsewhere';

export interface LogLine {
  readonly atMs: number;
  readonly what: string;
}

/** A grant is looked at this often; the node asks for itself before whatever it does. */
const LOOK_MS = 200;
const LOGGED = 50;
/** Frames that were late are not trusted again at once: lines would make them so in turn. */
const LATE_HOLD_MS = 2_000;

/** One page's use of this device, from the question to its end. It computes only while the person's grant holds. */
export class Session {
  readonly #init: SessionInit;
  readonly #pauses = new Set<PauseCause>();
  readonly #log: LogLine[] = [];
  readonly #answers;
  #asked: number[] = [];
  #isSheet = false;
  #grant: Grant | undefined;
  #isRemembered = false;
  #opening: Promise<StarlingNode> | undefined;
  #chosen: ChosenModel | undefined;
  #started: StartedNode | undefined;
  #computing: Computing | undefined;
  #state: EmbedState = 'off';
  #problem: EmbedProblem | undefined;
  #p90Ms: number | undefined;
  #lateUntilMs = -Infinity;
  #lines = 0;
  #endLook = () => {};

  constructor(init: SessionInit) {
    this.#init = init;
    this.#answers = createAnswers({
      send: init.send,
      computing: () => (this.#started && this.#mayWork() ? this.#computing : undefined),
      onAnswer: (what) => {
        this.#lines += 1;
        this.#note(what);
      },
    });
  }

  get state(): EmbedState {
    return this.#isSheet && this.#state === 'off' ? 'asking' : this.#state;
  }

  get problem(): EmbedProblem | undefined {
    return this.#problem;
  }

  get isSheet(): boolean {
    return this.#isSheet;
  }

  get grant(): Grant | undefined {
    return this.#grant;
  }

  /** Answers given to the page. */
  get lines(): number {
    return this.#lines;
  }

  /** What ran here, for whoever wants to see it; oldest first. */
  get log(): readonly LogLine[] {
    return this.#log;
  }

  isPausedBy(cause: PauseCause): boolean {
    return this.#pauses.has(cause);
  }

  snapshot(): NodeSnapshot | undefined {
    return this.#started?.node.snapshot();
  }

  /** Goes on under a grant of an earlier visit, where the person asked for that. */
  async begin(): Promise<void> {
    const kept = this.#init.grants.read();
    if (kept && isValid(kept, this.#init.scope, this.#init.clock.now())) await this.#start(kept, true, false);
    else this.#tell();
  }

  receive(message: HostMessage): void {
    switch (message.t) {
      case 'consent':
        this.#asked.push(message.id);
        return this.#grant ? this.#answerAsked(true) : this.openSheet();
      case 'pause':
        return this.pause('page', true);
      case 'resume':
        return this.pause('page', false);
      case 'revoke':
        return void this.revoke();
      case 'frames':
        return this.#noteFrames(message.p90Ms);
      case 'cancel':
        return this.#answers.cancel(message.id);
      case 'complete':
      case 'say':
        return void this.#answers.answer(message);
      default:
        return message satisfies never;
    }
  }

  #noteFrames(p90Ms: number): void {
    this.#p90Ms = p90Ms;
    if (p90Ms > this.#init.options.frameBudgetMs) this.#lateUntilMs = this.#init.clock.now() + LATE_HOLD_MS;
  }

  openSheet(): void {
    this.#showSheet(true);
    this.#tell();
  }

  closeSheet(): void {
    this.#showSheet(false);
    this.#answerAsked(this.#grant !== undefined);
    this.#tell();
  }

  /** The person's own click on Start; nothing else may call it. */
  async agree({ isShared, asksOthers = false, isRemembered }: Agreement): Promise<void> {
    const { clock, options, scope, grants } = this.#init;
    const atMs = clock.now();
    const grant: Grant = {
      ...scope,
      share: options.maxShare,
      isShared: isShared && options.mode === 'offer',
      asksOthers: asksOthers && options.mayAskOthers,
      atMs,
      expiresAtMs: atMs + (isRemembered ? MONTH_MS : VISIT_MS),
    };
    if (isRemembered) grants.write(grant);
    this.#showSheet(false);
    this.#note('agreed');
    this.#answerAsked(true);
    await this.#start(grant, isRemembered, true);
  }

  pause(cause: PauseCause, isPaused: boolean): void {
    if (this.#pauses.has(cause) === isPaused) return;
    if (isPaused) this.#pauses.add(cause);
    else this.#pauses.delete(cause);
    if (this.#state !== 'on' && this.#state !== 'paused') return;
    this.#note(`${isPaused ? 'paused' : 'resumed'}: ${cause}`);
    this.#enter(this.#pauses.size > 0 ? 'paused' : 'on');
  }

  /** The person's own click: this page's node is the one that computes, not another page's. */
  async useHere(): Promise<void> {
    const grant = this.#grant;
    if (!grant || !this.#pauses.delete('elsewhere')) return;
    await this.#start(grant, this.#isRemembered, true);
  }

  /** Ends the grant: nothing computes from here on, and what was fetched for this page goes. */
  async revoke(): Promise<void> {
    const chosen = this.#chosen;
    await this.#expire();
    if (!chosen || chosen.wasHeld || this.#grant) return;
    // A model of the whole device goes with the last site that uses it.
    const others = await this.#init.listed()?.list(this.#init.clock.now());
    if (!others?.grants.length) await (await this.#opening)?.deleteModel(chosen.model);
  }

  async #expire(): Promise<void> {
    this.#init.grants.clear();
    void this.#init
      .listed()
      ?.remove(this.#init.scope)
      .catch(() => undefined);
    this.#note('ended');
    await this.#end('off', undefined);
  }

  async #end(state: 'off' | 'failed', problem: EmbedProblem | undefined): Promise<void> {
    this.#grant = undefined;
    this.#computing = undefined;
    this.#problem = problem;
    this.#endLook();
    this.#pauses.delete('elsewhere');
    this.#answers.stop();
    this.#enter(state);
    this.#started = undefined;
    // Also one that is still getting ready.
    await this.#opening?.then((node) => node.stop()).catch(() => undefined);
  }

  /** The one question that every part of the node asks before it works. */
  #mayWork(): boolean {
    // Getting ready is no work for anybody yet; a pause counts from then on.
    return this.#holds() && (this.#pauses.size === 0 || this.#state === 'starting');
  }

  #holds(): boolean {
    const { scope, clock, grants } = this.#init;
    if (!this.#grant || !isValid(this.#grant, scope, clock.now())) return false;
    // Storage that was cleared while this ran took the person's word with it.
    return !this.#isRemembered || grants.read() !== undefined;
  }

  async #start(grant: Grant, isRemembered: boolean, isClicked: boolean): Promise<void> {
    const { clock, options } = this.#init;
    const { maxDownloadBytes } = options;
    [this.#grant, this.#isRemembered, this.#problem] = [grant, isRemembered, undefined];
    this.#endLook();
    this.#endLook = clock.every(LOOK_MS, () => {
      if (this.#grant && !this.#holds()) void this.#expire();
    });
    this.#enter('starting');
    const onModel = (chosen: ChosenModel) => (this.#chosen = chosen);
    const started = await startNode(() => this.#openNoted(grant, isClicked), {
      grant,
      maxDownloadBytes,
      isClicked,
      onModel,
    });
    // Ended meanwhile, and perhaps agreed to anew: that start goes its own way.
    if (this.#grant !== grant) return;
    if ('problem' in started && started.problem === ELSEWHERE) return this.#yield();
    if ('problem' in started && started.problem.code === 'embed/consent-required') return this.#expire();
    if ('problem' in started) {
      await this.#end('failed', started.problem);
      return this.#init.send({ t: 'error', problem: started.problem });
    }
    this.#started = started;
    this.#computing = createComputing(started, {
      asksOthers: grant.asksOthers,
      maxDownloadBytes,
      clock,
      isBusy: () => options.doLinesYield && clock.now() < this.#lateUntilMs,
    });
    this.#note('computing');
    this.#enter(this.#pauses.size > 0 ? 'paused' : 'on');
  }

  /** The node, once the grant is noted where the device lists them; one that was ended there is none any more. */
  async #openNoted(grant: Grant, isClicked: boolean): Promise<StarlingNode> {
    const node = await this.#open();
    const listed = this.#init.listed();
    if (!listed) return node;
    if (!isClicked && grant.isNoted && !(await listed.isNoted(grant))) {
      throw new EmbedError('consent-required', 'embed: the person ended it on Starling’s own site', {});
    }
    await listed.note(grant);
    if (this.#isRemembered && this.#grant === grant) this.#init.grants.write({ ...grant, isNoted: true });
    return node;
  }

  /** One node for the frame's life: after an end and a new agreement it is the same. */
  #open(): Promise<StarlingNode> {
    const { options, openNode, onChange } = this.#init;
    this.#opening ??= openNode({
      mayWork: () => this.#mayWork(),
      siteShare: options.maxShare,
      frames: () => (this.#p90Ms === undefined ? undefined : { p90Ms: this.#p90Ms, budgetMs: options.frameBudgetMs }),
      onElsewhere: () => this.#yield(),
      onChange,
    });
    this.#opening.catch(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** Another page of this device computes now; this one keeps its grant, and waits for a click. */
  #yield(): void {
    if (!this.#grant) return;
    this.#pauses.add('elsewhere');
    this.#note('paused: elsewhere');
    this.#enter('paused');
    this.#started = undefined;
  }

  #enter(state: EmbedState): void {
    const node = this.#grant?.isShared ? this.#started?.node : undefined;
    if (state === 'paused') {
      node?.pause();
      this.#answers.stop();
    }
    if (state === 'on' && this.#state === 'paused') node?.resume();
    this.#state = state;
    this.#tell();
  }

  #showSheet(isSheet: boolean): void {
    this.#isSheet = isSheet;
    this.#init.send({ t: 'view', isSheet });
  }

  #answerAsked(isGranted: boolean): void {
    for (const id of this.#asked.splice(0)) this.#init.send({ t: 'consent', id, isGranted });
  }

  #note(what: string): void {
    this.#log.push({ atMs: this.#init.clock.now(), what });
    if (this.#log.length > LOGGED) this.#log.shift();
    this.#init.onChange();
  }

  #tell(): void {
    const problem = this.#problem && { problem: this.#problem };
    this.#init.send({ t: 'state', state: this.state, ...problem });
    this.#init.onChange();
  }
}
