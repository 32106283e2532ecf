import { css, html, nothing } from 'lit';
import { formatMinute } from './format.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';

const HOUR_MS = 3_600_000;

/** The state in a word, with Pause and Stop always within reach while anything runs. */
export class NodeStatus extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      .dot {
        width: 0.75rem;
        height: 0.75rem;
        border-radius: 50%;
        border: 2px solid var(--ink-soft);
      }
      .dot[data-on] {
        background: var(--good);
        border-color: var(--good);
      }
    `,
  ];

  override render() {
    const { phase, isOtherTab, pausedUntilMs } = this.snapshot;
    const runs = phase === 'serving' || phase === 'paused' || phase === 'starting';
    return html`
      <div class="row">
        <span class="row" role="status">
          <span class="dot" ?data-on=${phase === 'serving'}></span>
          <strong data-testid="phase" data-phase=${phase}>${words().phase[phase]}</strong>
          ${pausedUntilMs === undefined ? nothing : html`<span class="soft">${words().pausedUntil(formatMinute(pausedUntilMs))}</span>`}
          ${isOtherTab && runs ? html`<span class="soft" data-testid="other-tab">${words().inOtherTab}</span>` : nothing}
        </span>
        ${
          phase === 'serving'
            ? html`<button @click=${() => this.node.pause()}>${words().pause}</button>
                <button @click=${() => this.node.pause(HOUR_MS)}>${words().pauseHour}</button>`
            : nothing
        }
        ${phase === 'paused' ? html`<button @click=${() => this.node.resume()}>${words().resume}</button>` : nothing}
        ${
          runs || phase === 'connected'
            ? html`<button @click=${() => void this.node.stop()}>${words().stop}</button>`
            : nothing
        }
      </div>
    `;
  }
}

customElements.define('node-status', NodeStatus);
