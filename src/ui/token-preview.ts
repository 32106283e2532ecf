import { css, html, LitElement } from 'lit';
import type { PreviewToken } from '../node/index.ts';
import { sharedStyles } from './shared-styles.ts';

/** Rows as the model reads them, token by token; what is learnt is underlined and bold. */
export class TokenPreview extends LitElement {
  static override properties = { rows: { attribute: false } };
  static override styles = [
    sharedStyles,
    css`
      p {
        max-width: none;
        padding: 0.5rem 0.75rem;
        background: var(--surface);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        overflow-wrap: anywhere;
      }
      span,
      mark {
        white-space: pre-wrap;
        border-inline-start: 1px solid var(--line);
      }
      span {
        color: var(--ink-soft);
      }
      mark {
        color: var(--ink);
        background: none;
        font-weight: 600;
        text-decoration: underline;
        text-decoration-color: var(--accent);
        text-decoration-thickness: 2px;
      }
    `,
  ];

  declare rows: readonly (readonly PreviewToken[])[];

  override render() {
    return this.rows.map(
      (row) =>
        html`<p>
          ${row.map(({ text, isLearnt }) => (isLearnt ? html`<mark>${text}</mark>` : html`<span>${text}</span>`))}
        </p>`,
    );
  }
}

customElements.define('token-preview', TokenPreview);
