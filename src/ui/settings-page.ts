import { css, html } from 'lit';
import { NodeElement } from './node-element.ts';
import { chooseTheme, keptTheme, THEMES, type Theme } from './theme.ts';
import { LANGUAGES, type Language } from './words/languages.ts';
import { chooseLanguage, language, words } from './words/words.ts';

/** How the page looks and speaks. */
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
    `;
  }
}

customElements.define('settings-page', SettingsPage);
