import { html } from 'lit';
import type { BaseChoice, ShelfModel } from '../node/index.ts';
import { formStyles } from './form-styles.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';

/** Files of an adapter and the model that they should change. */
export interface ImportChoice {
  readonly files: readonly File[];
  readonly base: BaseChoice;
}

/** An adapter from elsewhere; sends `choose` with an `ImportChoice`. */
export class StudioImport extends NodeElement {
  static override styles = [...NodeElement.styles, formStyles];

  override render() {
    const models = this.bases;
    const text = words().studio;
    return html`
      <h3>${text.importTitle}</h3>
      <p class="soft">${text.importIntro}</p>
      <form
        @submit=${(event: SubmitEvent) => this.#choose(event)}
        @dragover=${(event: DragEvent) => event.preventDefault()}
        @drop=${(event: DragEvent) => this.#drop(event)}
      >
        <label
          >${text.importBase}
          <select name="base">
            ${models.map(({ root, name }) => html`<option value=${root}>${name}</option>`)}
          </select></label
        >
        <label
          >${text.importFiles}<input name="files" type="file" multiple accept=".gguf,.json,.safetensors" required
        /></label>
        <button ?disabled=${this.snapshot.phase === 'elsewhere' || models.length === 0}>${text.importRead}</button>
      </form>
    `;
  }

  #choose(event: SubmitEvent) {
    event.preventDefault();
    this.#send(new FormData(event.target as HTMLFormElement).getAll('files') as File[]);
  }

  #drop(event: DragEvent) {
    event.preventDefault();
    this.#send([...(event.dataTransfer?.files ?? [])]);
  }

  #send(files: readonly File[]) {
    const root = this.renderRoot.querySelector('select')?.value as ShelfModel['root'] | undefined;
    const base = this.bases.find((model) => model.root === root);
    if (!base || files.length === 0) return;
    const detail: ImportChoice = { files, base: { root: base.root, name: base.name } };
    this.dispatchEvent(new CustomEvent('choose', { detail }));
  }
}

customElements.define('studio-import', StudioImport);
