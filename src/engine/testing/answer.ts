import type { EngineApi, EngineEvent, SequenceRequest } from '../index.ts';

/** Tokens and the very bits of their log-probabilities. */
export interface Answer {
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly numericClass: string;
}

/** Everything that a request makes the engine say, in order. */
export async function eventsOf(
  engine: EngineApi,
  request: SequenceRequest,
  onToken: () => void = () => undefined,
): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  await engine.generate(request, (event) => {
    events.push(event);
    if (event.t === 'token') onToken();
  });
  return events;
}

/** @throws {TypeError} a request that does not end with `done` */
export async function answerOf(engine: EngineApi, request: Omit<SequenceRequest, 'id'>): Promise<Answer> {
  const events = await eventsOf(engine, { ...request, id: crypto.randomUUID() });
  const last = events.at(-1);
  if (last?.t !== 'done') throw new TypeError(`not done: ${JSON.stringify(last)}`);
  const logProbabilities = events.flatMap((event) => (event.t === 'token' ? [event.logProbability ?? 9] : []));
  return { tokens: [...last.tokens], logProbabilities, numericClass: last.numericClass };
}

/** The tokens that ended it, or, to be seen in a failed comparison, what ended it otherwise. */
export function tokensOf(events: readonly EngineEvent[]): readonly number[] | EngineEvent | undefined {
  const last = events.at(-1);
  return last?.t === 'done' ? [...last.tokens] : last;
}

export const streamedOf = (events: readonly EngineEvent[]): readonly number[] =>
  events.flatMap((event) => (event.t === 'token' ? [event.token] : []));
