import { css, html } from 'lit';
import { words } from './words/words.ts';

/** Who computes: people who share the model, this device included if it does; or this device alone. */
export type Where = 'swarm' | 'device';

export const whereStyles = css`
  fieldset {
    border: 0;
    padding: 0;
    margin: 0.75rem 0 0;
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
  }
  fieldset label {
    display: inline-flex;
    gap: 0.4rem;
    align-items: center;
    min-height: 28px;
  }
  input[type='radio'] {
    flex: none;
    width: 24px;
    height: 24px;
    margin: 0;
    accent-color: var(--accent);
  }
`;

/** The question of who computes, as a field called `where`. */
export function whereChoice(chosen: Where, order: readonly Where[], onChoose: (where: Where) => void) {
  const text = words().batch;
  return html`<fieldset>
    <legend class="visually-hidden">${text.who}</legend>
    ${order.map(
      (where) =>
        html`<label
          ><input
            type="radio"
            name="where"
            value=${where}
            .checked=${where === chosen}
            @change=${() => onChoose(where)}
          />${text[where]}</label
        >`,
    )}
  </fieldset>`;
}
