import { css, html, nothing, type PropertyValues } from 'lit';
import type { ModelRoot } from '../base/branded.ts';
import { formatBytes } from './format.ts';
import { NodeElement } from './node-element.ts';
import { CONSENT_TEXT_VERSION } from './consent-version.ts';
import { words } from './words/words.ts';
import './limits-form.ts';

/**
 * Says what will happen, in numbers, before anything does. Both answers weigh the same and take one click.
 *
 * Fires `consent-given` with the model's root.
 */
export class ConsentSheet extends NodeElement {
  static override properties = { open: { type: Boolean } };
  static override styles = [
    ...NodeElement.styles,
    css`
      dialog {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--ink);
        width: min(36rem, calc(100vw - 2rem));
        padding: 1.25rem;
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 0.45);
      }
      dl {
        display: grid;
        grid-template-columns: max-content 1fr;
        gap: 0.4rem 1rem;
        margin: 0 0 1rem;
      }
      dt {
        font-weight: 600;
      }
      dd {
        margin: 0;
      }
      @media (width < 30rem) {
        dl {
          grid-template-columns: 1fr;
          gap: 0;
        }
        dd {
          margin-bottom: 0.5rem;
        }
      }
      .row button {
        flex: 1;
      }
    `,
  ];

  declare open: boolean;
  #chosen: ModelRoot | undefined;

  protected override updated(changed: PropertyValues): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (!changed.has('open') || !dialog) return;
    if (this.open && !dialog.open) dialog.showModal();
    if (!this.open && dialog.open) dialog.close();
  }

  #answer(model: ModelRoot | undefined) {
    this.open = false;
    this.dispatchEvent(new CustomEvent('consent-closed'));
    if (!model) return;
    const detail = { textVersion: CONSENT_TEXT_VERSION, atMs: Date.now(), model };
    this.dispatchEvent(new CustomEvent('consent-given', { detail }));
  }

  override render() {
    const models = this.bases;
    const model = models.find(({ root }) => root === this.#chosen) ?? models[0];
    const missing = model ? model.sizeBytes - model.heldBytes : 0;
    const text = words().consent;
    return html`
      <dialog aria-labelledby="title" @close=${() => this.open && this.#answer(undefined)}>
        <h2 id="title">${text.title}</h2>
        <p>${text.lead}</p>
        <dl class="figures">
          <dt><label for="model">${text.model}</label></dt>
          <dd>
            <select
              id="model"
              @change=${(event: Event) => {
                this.#chosen = (event.target as HTMLSelectElement).value as ModelRoot;
                this.requestUpdate();
              }}
            >
              ${models.map(
                ({ root, name }) => html`<option value=${root} ?selected=${root === model?.root}>${name}</option>`,
              )}
            </select>
          </dd>
          <dt>${text.download}</dt>
          <dd>${missing > 0 ? text.downloadNow(formatBytes(missing)) : text.downloadNothing}</dd>
          <dt>${text.disk}</dt>
          <dd>${model ? text.diskUse(formatBytes(model.sizeBytes)) : nothing}</dd>
          <dt>${text.gpu}</dt>
          <dd>
            ${text.gpuUse}
            <limits-form></limits-form>
          </dd>
          <dt>${text.network}</dt>
          <dd>${text.networkUse}</dd>
          <dt>${text.toStop}</dt>
          <dd>${text.stopHow}</dd>
        </dl>
        <p class="soft">${text.data}</p>
        <div class="row">
          <button @click=${() => this.#answer(undefined)}>${text.no}</button>
          <button class="primary" ?disabled=${!model} @click=${() => this.#answer(model?.root)}>${text.yes}</button>
        </div>
      </dialog>
    `;
  }
}

customElements.define('consent-sheet', ConsentSheet);
