import type { Completion, NpcLine } from '../../npc/index.ts';
import type { EmbedEvents, EmbedProblem, EmbedSayOptions, EmbedState, StarlingApi } from '../api.ts';
import { EmbedError } from '../errors.ts';
import type { FrameMessage } from '../messages.ts';
import { connectFrame, type Connection } from './connection.ts';
import { createFrameWatch } from './frame-times.ts';
import type { TagAttributes } from './read-attributes.ts';
import { createRequests } from './requests.ts';

declare const __STARLING_VERSION__: string;

type Listeners = { [Name in keyof EmbedEvents]: Set<(event: EmbedEvents[Name]) => void> };

/** A page that takes the badge away gets it back this often; then the embed is off for this visit. */
const MOST_RETURNS = 3;

/** @param attributes or what was wrong with the tag: then the API is there, says why, and every line is scripted */
export function createApi(attributes: TagAttributes | EmbedError, origin: string): StarlingApi {
  const listeners: Listeners = { state: new Set(), error: new Set() };
  let state: EmbedState = 'loading';
  let problem: EmbedProblem | undefined;
  let connection: Connection | undefined;
  let returns = 0;
  let scripted = 0;
  const requests = createRequests((message) => connection?.send(message));
  const frames = createFrameWatch((p90Ms) => connection?.send({ t: 'frames', p90Ms }));

  function emit<Name extends keyof EmbedEvents>(name: Name, event: EmbedEvents[Name]): void {
    for (const listener of listeners[name]) {
      try {
        listener(event);
      } catch (error) {
        console.error(error); // The page's own fault stays the page's.
      }
    }
  }

  function enter(next: EmbedState, why?: EmbedProblem): void {
    if (next === state && why?.code === problem?.code) return;
    [state, problem] = [next, why];
    if (next === 'on') frames.start();
    else frames.stop();
    emit('state', { state, problem });
  }

  function fail({ code, message }: EmbedError): void {
    console.warn(message);
    requests.failAll(new EmbedError(code, message, {}));
    enter('failed', { code: `embed/${code}`, message });
    emit('error', { code: `embed/${code}`, message });
  }

  function receive(message: FrameMessage): void {
    switch (message.t) {
      case 'state':
        return enter(message.state, message.problem);
      case 'view':
        return connection?.show(message.isSheet);
      case 'consent':
        return requests.done(message.id, message.isGranted ? 'granted' : 'declined');
      case 'text':
        return requests.text(message.id, message.text);
      case 'done':
        return requests.done(message.id, message.value);
      case 'failed':
        return requests.failed(message.id, namedError(message.name, message.problem));
      case 'error':
        return emit('error', message.problem);
      default:
        return message satisfies never;
    }
  }

  function connect({ site, target, isTraceless, options }: TagAttributes): void {
    const place = target === undefined ? undefined : (document.querySelector(target) ?? undefined);
    connection = connectFrame({
      address: `${origin}/embed/frame.html?site=${encodeURIComponent(site)}`,
      target: place,
      isTraceless,
      options,
      onMessage: receive,
      onFault(fault) {
        if (fault === 'foreign') {
          return emit('error', {
            code: 'embed/bad-message',
            message: 'embed: the frame said what this version does not know',
          });
        }
        connection = fault === 'silent' ? (connection?.close(), undefined) : undefined;
        requests.failAll(new EmbedError('blocked', 'embed: the frame is gone', {}));
        if (fault === 'removed' && returns++ < MOST_RETURNS) {
          enter('loading');
          // Without its place it goes to the corner: the badge is there whenever something may run.
          return connect({ site, isTraceless, options, target: place?.isConnected ? target : undefined });
        }
        const why =
          fault === 'silent'
            ? 'the frame did not answer within 8 s; allow it in frame-src, or a content blocker keeps it away'
            : 'the page took the badge away; the embed is off for this visit';
        fail(new EmbedError('blocked', `embed: ${why}`, {}));
      },
    });
  }

  function fromScript(options: EmbedSayOptions): NpcLine {
    const lines = options.fallback ?? [];
    const say = lines[scripted++ % Math.max(1, lines.length)] ?? '…';
    return { action: 'talk', say, source: 'script', cites: [], by: undefined, refused: [] };
  }

  if (attributes instanceof EmbedError) queueMicrotask(() => fail(attributes));
  else if (attributes.options.mode === 'off') enter('off');
  else connect(attributes);

  return Object.freeze({
    version: __STARLING_VERSION__,
    get state() {
      return state;
    },
    get problem() {
      return problem;
    },
    on(name, listener) {
      listeners[name].add(listener);
      return () => void listeners[name].delete(listener);
    },
    async consent() {
      if (!connection || state === 'failed') return 'declined';
      const answer = await requests.ask({ t: 'consent' }, () => undefined).catch(() => 'declined');
      return answer === 'granted' ? 'granted' : 'declined';
    },
    pause: () => connection?.send({ t: 'pause' }),
    resume: () => connection?.send({ t: 'resume' }),
    revoke: () => connection?.send({ t: 'revoke' }),
    async complete(messages, options = {}) {
      const { maxTokens = 64, temperature = 0, choices, where = 'device', onText = () => undefined, signal } = options;
      if (!connection) throw new EmbedError('consent-required', 'embed: nothing runs here; use another way', {});
      const question = { t: 'complete' as const, messages: [...messages], maxTokens, temperature, where };
      const answer = await requests.ask({ ...question, ...(choices && { choices: [...choices] }) }, onText, signal);
      return answer as Completion;
    },
    npc: Object.freeze({
      async say(scene, options = {}) {
        options.signal?.throwIfAborted();
        if (!connection || state !== 'on') return fromScript(options);
        try {
          const question = {
            t: 'say' as const,
            scene,
            fallback: [...(options.fallback ?? [])],
            adapter: options.adapter,
            where: options.where ?? ('device' as const),
          };
          const line = (await requests.ask(
            question,
            options.onSentence ?? (() => undefined),
            options.signal,
          )) as NpcLine;
          return line.source === 'script' || passes(line, options) ? line : fromScript(options);
        } catch (error) {
          options.signal?.throwIfAborted();
          // The game must mend its scene; everything else is answered by the script.
          if (error instanceof Error && error.name === 'NpcError') throw error;
          return fromScript(options);
        }
      },
    } satisfies StarlingApi['npc']),
  } satisfies StarlingApi);
}

function passes(line: NpcLine, { accepts }: EmbedSayOptions): boolean {
  try {
    return accepts?.(line) !== false;
  } catch {
    return false;
  }
}

function namedError(name: string, { code, message }: EmbedProblem): Error {
  return Object.assign(new Error(message), { name, code });
}
