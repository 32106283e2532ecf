import { css, html, nothing } from 'lit';
import { exportOwnIdentity, importOwnIdentity, problemOf, type Problem } from '../node/index.ts';
import { openTabsAnew } from './fresh-start.ts';
import { NodeElement } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { words } from './words/words.ts';
import './problem-note.ts';

/** This device's key, out to a locked file and in from one. */
export class IdentityForm extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem 1.5rem;
        align-items: end;
        margin: 0.75rem 0;
      }
      label {
        display: grid;
        gap: 0.25rem;
        font-weight: 600;
      }
      input {
        min-height: 40px;
      }
    `,
  ];

  #isSaved = false;
  #problem: Problem | undefined;

  override render() {
    const text = words().settings.identity;
    const passphrase = (label: string, autocomplete: 'new-password' | 'off') =>
      html`<label
        >${label}<input name="passphrase" type="password" minlength="10" autocomplete=${autocomplete} required
      /></label>`;
    return html`
      <h3>${text.title}</h3>
      <p>${text.what}</p>
      <p class="soft">${text.warning}</p>
      <form @submit=${(event: SubmitEvent) => void this.#run(event, (data) => this.#save(data))}>
        ${passphrase(text.passphrase, 'new-password')}
        <button>${text.save}</button>
        <span role="status">${this.#isSaved ? text.saved : nothing}</span>
      </form>
      <form @submit=${(event: SubmitEvent) => void this.#run(event, (data) => this.#use(data))}>
        <label>${text.file}<input name="file" type="file" accept=".json,application/json" required /></label>
        ${passphrase(text.filePassphrase, 'off')}
        <button>${text.use}</button>
      </form>
      <p class="soft">${text.replaces}</p>
      <problem-note .problem=${this.#problem}></problem-note>
    `;
  }

  async #run(event: SubmitEvent, act: (data: FormData) => Promise<void>) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    this.#problem = undefined;
    this.#isSaved = false;
    try {
      await act(new FormData(form));
      form.reset();
    } catch (error) {
      this.#problem = problemOf(error);
    }
    this.requestUpdate();
  }

  async #save(data: FormData) {
    saveFile('starling-identity.json', await exportOwnIdentity(data.get('passphrase') as string));
    this.#isSaved = true;
  }

  async #use(data: FormData) {
    await importOwnIdentity(data.get('file') as File, data.get('passphrase') as string);
    await this.node.stop();
    openTabsAnew();
  }
}

customElements.define('identity-form', IdentityForm);
