import type { ModelRoot, PeerId } from '../base/branded.ts';
import type { ChatMessage } from '../engine/index.ts';
import { NodeError } from './errors.ts';
import type { JobView } from './snapshot.ts';
import type { StarlingNode } from './starling-node.ts';

export interface Question {
  /** A model, or an adapter in its model's place. */
  readonly model: ModelRoot;
  readonly messages: readonly ChatMessage[];
  /** Go on with the last message's text instead of answering it. */
  readonly isPlain: boolean;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number | undefined;
  /** The answer must be one of these, and comes as a JSON text; a peer that does not heed that is found out by its answer. */
  readonly choices?: readonly string[] | undefined;
}

export interface OthersAnswer {
  readonly text: string;
  /** Who computed it, as far as is known. */
  readonly by: PeerId | undefined;
}

/** What asking needs of a node. */
export type AskingNode = Pick<
  StarlingNode,
  'snapshot' | 'onChange' | 'submitBatch' | 'cancelJob' | 'removeJob' | 'jobFiles'
>;

const OVER: ReadonlySet<JobView['state'] | undefined> = new Set(['done', 'cancelled', 'failed']);

/**
 * One question to whoever shares its model: a batch of one line, which is gone from this device once it is answered. It
 * is answered whole, not word by word.
 *
 * @param onState how far it is, for a line that a person reads
 * @throws {NodeError} `not-answered`; what `submitBatch` throws; the signal's reason once it is stopped
 */
export async function askOthers(
  node: AskingNode,
  question: Question,
  signal: AbortSignal,
  onState: (state: JobView['state']) => void,
): Promise<OthersAnswer> {
  const id = await node.submitBatch(new File([batchOf(question)], 'question.jsonl'), 'swarm');
  const viewOf = () => node.snapshot().jobs.find((job) => job.id === id);
  try {
    await new Promise<void>((resolve, reject) => {
      let stopWatching = () => {};
      let isListed = false;
      const end = (finish: () => void) => {
        stopWatching();
        signal.removeEventListener('abort', stopped);
        finish();
      };
      const stopped = () => end(() => reject(signal.reason as Error));
      const look = () => {
        const state = viewOf()?.state;
        // One that was listed and no longer is was removed by hand.
        if (state === undefined ? isListed : OVER.has(state)) return end(resolve);
        isListed = state !== undefined;
        if (state) onState(state);
      };
      stopWatching = node.onChange(look);
      signal.addEventListener('abort', stopped);
      if (signal.aborted) stopped();
      else look();
    });
    const view = viewOf();
    if (!view) throw new NodeError('not-answered', 'node: nobody answered: the question was removed', {});
    const { output, errors } = await node.jobFiles(id);
    return { text: answerIn(await output.text(), await errors.text(), view), by: view.byPeer[0]?.peer };
  } finally {
    if (viewOf()) {
      await node.cancelJob(id);
      await node.removeJob(id);
    }
  }
}

/** In the form of OpenAI's Batch API. */
function batchOf({ model, messages, isPlain, temperature, maxTokens, seed, choices }: Question): string {
  const asked = isPlain ? { prompt: messages.at(-1)?.content ?? '' } : { messages };
  const schema = { type: 'string', enum: choices };
  const body = {
    model,
    ...asked,
    temperature,
    max_tokens: maxTokens,
    ...(seed !== undefined && { seed }),
    ...(choices && { response_format: { type: 'json_schema', json_schema: { name: 'choices', schema } } }),
  };
  const url = isPlain ? '/v1/completions' : '/v1/chat/completions';
  return `${JSON.stringify({ custom_id: 'question', method: 'POST', url, body })}\n`;
}

interface AnsweredLine {
  readonly response: {
    readonly body: {
      readonly choices: readonly { readonly message?: { readonly content: string }; readonly text?: string }[];
    };
  };
}

/** Both files are this device's own writing, so their form is known. */
function answerIn(output: string, errors: string, view: JobView): string {
  if (output !== '') {
    const [choice] = (JSON.parse(output) as AnsweredLine).response.body.choices;
    return choice?.message?.content ?? choice?.text ?? '';
  }
  const said = errors === '' ? undefined : (JSON.parse(errors) as { readonly error: { readonly message: string } });
  const why = said?.error.message ?? view.problem?.message ?? `the question was ${view.state}`;
  throw new NodeError('not-answered', `node: nobody answered: ${why}`, {});
}
