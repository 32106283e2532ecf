import { css, html, nothing } from 'lit';
import type { Problem } from '../node/index.ts';
import { sharedStyles } from './shared-styles.ts';
import { WordedElement } from './worded-element.ts';
import { adviceFor, words } from './words/words.ts';

/** What went wrong and what to do next; the exact cause is one click away for those who want it. */
export class ProblemNote extends WordedElement {
  static override properties = { problem: { attribute: false } };
  static override styles = [
    sharedStyles,
    css`
      .note {
        border-left: 4px solid var(--bad);
        padding: 0.5rem 0.75rem;
        background: var(--surface);
        margin: 0.5rem 0;
        overflow-wrap: anywhere;
      }
      p {
        margin: 0;
      }
    `,
  ];

  declare problem: Problem | undefined;

  override render() {
    if (!this.problem) return nothing;
    const advice = adviceFor(this.problem.code);
    return html`<div class="note" role="alert" data-code=${this.problem.code}>
      <p>${advice ?? this.problem.message}</p>
      ${
        advice
          ? html`<details>
              <summary>${words().exactly}</summary>
              <p class="soft">${this.problem.message} (${this.problem.code})</p>
            </details>`
          : nothing
      }
    </div>`;
  }
}

customElements.define('problem-note', ProblemNote);
