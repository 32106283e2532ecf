import { css, html, nothing } from 'lit';
import { applyUpdate, watchForUpdate, type NodeSnapshot } from '../node/index.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';

type State = 'none' | 'ready' | 'after-work' | 'begun';

/** Says that a new version waits, and begins it when its person wants: never under work that runs. */
export class UpdateNote extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      .note {
        border-left: 4px solid var(--accent);
        background: var(--surface);
        padding: 0.5rem 0.75rem;
        margin-bottom: 1rem;
      }
      p {
        margin: 0;
      }
    `,
  ];

  #state: State = 'none';

  override connectedCallback(): void {
    super.connectedCallback();
    watchForUpdate(() => this.#enter(this.#state === 'none' ? 'ready' : this.#state));
  }

  override render() {
    if (this.#state === 'none') return nothing;
    const text = words().update;
    const isWorking = works(this.snapshot);
    return html`<div class="note row" role="status" data-testid="update" data-state=${this.#state}>
      <p class="grow">${this.#state === 'after-work' ? text.waits : isWorking ? text.readyAtWork : text.ready}</p>
      ${
        isWorking && this.#state === 'ready'
          ? html`<button @click=${() => this.#enter('after-work')}>${text.afterWork}</button>`
          : nothing
      }
      <button class="primary" ?disabled=${this.#state === 'begun'} @click=${() => void this.#begin()}>
        ${text.now}
      </button>
    </div>`;
  }

  protected override updated(): void {
    if (this.#state === 'after-work' && !works(this.snapshot)) void this.#begin();
  }

  #enter(state: State) {
    this.#state = state;
    this.requestUpdate();
  }

  async #begin() {
    if (this.#state === 'begun') return;
    this.#enter('begun');
    // Whatever runs in this tab is handed back before the page goes; another tab's work goes on.
    if (!this.snapshot.isOtherTab) await this.node.stop();
    await applyUpdate();
  }
}

/** Whether this tab computes, asks or fetches something that a new page would break off. */
function works({ isOtherTab, phase, runningSequences, jobs, models, isTeaching }: NodeSnapshot): boolean {
  if (isOtherTab) return false;
  return (
    phase === 'starting' ||
    phase === 'stopping' ||
    runningSequences > 0 ||
    isTeaching ||
    jobs.some(({ state }) => state === 'preparing' || state === 'running') ||
    models.some(({ state }) => state === 'downloading')
  );
}

customElements.define('update-note', UpdateNote);
