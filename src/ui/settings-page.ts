import { css, html } from 'lit';
import { forgetAndOpenAnew } from './fresh-start.ts';
import { NodeElement } from './node-element.ts';
import { chooseTheme, keptTheme, THEMES, type Theme } from './theme.ts';
import { LANGUAGES, type Language } from './words/languages.ts';
import { chooseLanguage, language, words } from './words/words.ts';
import './identity-form.ts';
import './site-list.ts';

/** How the page looks and speaks, who this device is, and how to be rid of everything. */
export class SettingsPage extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      section {
        margin: 0 0 1.75rem;
      }
      .choices {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(12rem, max-content));
        gap: 0.75rem 1.5rem;
      }
      label {
        display: grid;
        gap: 0.25rem;
        font-weight: 600;
      }
      select {
        min-height: 40px;
      }
    `,
  ];

  #isLeaving = false;

  override render() {
    const text = words().settings;
    const theme = keptTheme();
    return html`
      <h2>${words().sections.settings}</h2>
      <section>
        <h3>${text.look}</h3>
        <div class="choices">
          <label
            >${text.language}
            <select
              @change=${({ target }: Event) => void chooseLanguage((target as HTMLSelectElement).value as Language)}
            >
              ${Object.entries(LANGUAGES).map(
                ([tag, name]) =>
                  html`<option value=${tag} lang=${tag} ?selected=${tag === language()}>${name}</option>`,
              )}
            </select></label
          >
          <label
            >${text.theme}
            <select @change=${({ target }: Event) => chooseTheme((target as HTMLSelectElement).value as Theme)}>
              ${THEMES.map((each) => html`<option value=${each} ?selected=${each === theme}>${text.themes[each]}</option>`)}
            </select></label
          >
        </div>
      </section>
      <section><site-list></site-list></section>
      <section><identity-form></identity-form></section>
      <section>
        <h3>${text.leave.title}</h3>
        <p>${text.leave.what}</p>
        <div class="row">${this.#leaving()}</div>
      </section>
    `;
  }

  #leaving() {
    const text = words().settings.leave;
    if (!this.#isLeaving) return html`<button @click=${() => this.#ask(true)}>${text.button}</button>`;
    return html`<strong>${text.sure}</strong>
      <button @click=${() => this.#ask(false)}>${text.keep}</button>
      <button @click=${() => void this.#leave()}>${text.yes}</button>`;
  }

  #ask(isLeaving: boolean) {
    this.#isLeaving = isLeaving;
    this.requestUpdate();
  }

  async #leave() {
    await this.node.stop();
    await forgetAndOpenAnew();
  }
}

customElements.define('settings-page', SettingsPage);
