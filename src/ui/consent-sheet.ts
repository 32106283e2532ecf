import { css, html, type PropertyValues } from 'lit';
import type { ModelRoot } from '../base/branded.ts';
import { formatBytes } from './format.ts';
import { NodeElement } from './node-element.ts';
import { CONSENT_TEXT_VERSION } from './strings.ts';
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
    return html`
      <dialog aria-labelledby="title" @close=${() => this.open && this.#answer(undefined)}>
        <h2 id="title">Before anything starts</h2>
        <p>While this page is open and not paused, this device computes answers for other people.</p>
        <dl class="figures">
          <dt><label for="model">Model</label></dt>
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
          <dt>Download</dt>
          <dd>
            ${missing > 0 ? html`${formatBytes(missing)}, now` : 'nothing: this device has the model'}, and up to as
            much again for each tab that you give it to
          </dd>
          <dt>Disk</dt>
          <dd>${model ? formatBytes(model.sizeBytes) : '–'} in this browser, until you delete it</dd>
          <dt>GPU</dt>
          <dd>
            at most this much of its time; power use and fan noise rise with it
            <limits-form></limits-form>
          </dd>
          <dt>Network</dt>
          <dd>other people’s computers connect to yours and can see its IP address</dd>
          <dt>To stop</dt>
          <dd>Pause and Stop are always at the top; closing the page ends everything</dd>
        </dl>
        <p class="soft">
          Requests are text from strangers and pass through this device’s memory. They are data, never programs: they
          cannot see your files, other tabs or anything else on this device.
        </p>
        <div class="row">
          <button @click=${() => this.#answer(undefined)}>Not now</button>
          <button class="primary" ?disabled=${!model} @click=${() => this.#answer(model?.root)}>Start</button>
        </div>
      </dialog>
    `;
  }
}

customElements.define('consent-sheet', ConsentSheet);
