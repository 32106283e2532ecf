import { css, html } from 'lit';
import type { Where } from './where-choice.ts';
import { words } from './words/words.ts';

/** How a question is asked. */
export interface AskSettings {
  readonly where: Where;
  /** Go on with the text instead of answering it. */
  readonly isPlain: boolean;
  /** Who the model is to be; empty: the model as it is. */
  readonly instruction: string;
  readonly temperature: number;
  readonly maxTokens: number;
  /** Undefined: another answer each time. */
  readonly seed: number | undefined;
}

const MOST_TOKENS = 1_024;
const USUAL = { temperature: 0.7, maxTokens: 256 };

export const askStyles = css`
  .asking {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr));
    gap: 0.75rem 1.5rem;
    align-items: end;
    padding-top: 0.75rem;
  }
  .asking label {
    display: grid;
    gap: 0.25rem;
  }
  .asking label.whole {
    grid-column: 1 / -1;
  }
  .asking input,
  .asking select {
    width: 100%;
    min-height: 40px;
  }
`;

/** Fields of a form around it, folded away until somebody wants them. */
export function askFields() {
  const text = words().chat;
  return html`<details>
    <summary>${text.settings}</summary>
    <div class="asking">
      <label
        >${text.kind}
        <select name="kind">
          <option value="chat">${text.kinds.chat}</option>
          <option value="plain">${text.kinds.plain}</option>
        </select></label
      >
      <label
        >${text.temperature}
        <input name="temperature" type="number" min="0" max="2" step="0.1" value=${USUAL.temperature}
      /></label>
      <label
        >${text.maxTokens} <input name="maxTokens" type="number" min="1" max=${MOST_TOKENS} value=${USUAL.maxTokens}
      /></label>
      <label
        >${text.seed} <input name="seed" type="number" min="0" max=${2 ** 32 - 1} placeholder=${text.anySeed}
      /></label>
      <label class="whole"
        >${text.instruction} <input name="instruction" maxlength="2000" placeholder=${text.noInstruction}
      /></label>
    </div>
  </details>`;
}

/** @param data of a form that holds these fields, each checked by the browser, and `where` */
export function readAskFields(data: FormData): AskSettings {
  const written = (name: string) => {
    const value = data.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const number = (name: string, usual: number) => (written(name) === '' ? usual : Number(written(name)));
  return {
    where: written('where') === 'swarm' ? 'swarm' : 'device',
    isPlain: written('kind') === 'plain',
    instruction: written('instruction'),
    temperature: number('temperature', USUAL.temperature),
    maxTokens: number('maxTokens', USUAL.maxTokens),
    seed: written('seed') === '' ? undefined : Number(written('seed')),
  };
}
