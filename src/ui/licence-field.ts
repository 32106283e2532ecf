import { css, html } from 'lit';
import { MAX_LICENCE_CHARS } from '../protocol/index.ts';
import { formStyles } from './form-styles.ts';
import { sharedStyles } from './shared-styles.ts';
import { WordedElement } from './worded-element.ts';
import { words } from './words/words.ts';

/** Licences that people choose for what they made, by their SPDX names; any other can be written. */
const LICENCES = ['CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-NC-4.0', 'Apache-2.0', 'MIT'];

/** Under which licence others may use what a person made; nothing said is a choice too. */
export class LicenceField extends WordedElement {
  static override styles = [
    sharedStyles,
    formStyles,
    css`
      label {
        max-width: 22rem;
        margin: 0.75rem 0;
      }
    `,
  ];

  /** Undefined if nothing is said. */
  get value(): string | undefined {
    return this.renderRoot.querySelector('input')?.value.trim() || undefined;
  }

  override render() {
    const text = words().studio;
    return html`
      <label
        >${text.licence}<input name="licence" list="licences" maxlength=${MAX_LICENCE_CHARS} autocomplete="off"
      /></label>
      <datalist id="licences">${LICENCES.map((name) => html`<option value=${name}></option>`)}</datalist>
      <p class="soft">${text.licenceHint}</p>
    `;
  }
}

customElements.define('licence-field', LicenceField);
