import { css, html, nothing } from 'lit';
import { isAbort } from '../base/app-error.ts';
import { problemOf, type Problem, type ShelfModel } from '../node/index.ts';
import { formatBytes } from './format.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';
import './problem-note.ts';

interface Turn {
  readonly role: 'user' | 'assistant';
  content: string;
}

/** A conversation with a model on this device; nothing leaves it. */
export class ChatBox extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      ol {
        list-style: none;
        padding: 0;
        margin: 0 0 1rem;
        display: grid;
        gap: 0.5rem;
      }
      li {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      li[data-role='user'] {
        border-left: 4px solid var(--accent);
      }
      form {
        display: grid;
        gap: 0.75rem;
      }
      textarea {
        width: 100%;
        min-height: 5rem;
      }
    `,
  ];

  #turns: Turn[] = [];
  #running: AbortController | undefined;
  #problem: Problem | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#running?.abort();
  }

  override render() {
    const { models, phase } = this.snapshot;
    const text = words().chat;
    if (models.length === 0)
      return html`<h2>${words().sections.chat}</h2>
        <p>${text.none}</p>`;
    const first = models.find(({ state }) => state === 'loaded') ?? models[0];
    const missing = first ? first.sizeBytes - first.heldBytes : 0;
    return html`
      <h2>${words().sections.chat}</h2>
      <p class="soft">${text.intro}</p>
      <ol aria-label=${text.conversation} aria-live="polite" aria-busy=${this.#running !== undefined}>
        ${this.#turns.map((turn) => html`<li class="card" data-role=${turn.role}>${turn.content || '…'}</li>`)}
      </ol>
      <form @submit=${(event: Event) => this.#send(event)}>
        <label
          >${text.model}
          <select name="model">
            ${models.map(
              ({ root, name }) => html`<option value=${root} ?selected=${root === first?.root}>${name}</option>`,
            )}
          </select></label
        >
        <label for="text">${text.message}</label>
        <textarea id="text" name="text" required></textarea>
        <div class="row">
          ${
            this.#running
              ? html`<button type="button" @click=${() => this.#running?.abort()}>${words().stop}</button>`
              : html`<button class="primary" ?disabled=${phase === 'elsewhere'}>${text.send}</button>`
          }
          ${
            this.#turns.length > 0 && !this.#running
              ? html`<button type="button" @click=${() => this.#clear()}>${text.again}</button>`
              : nothing
          }
          ${missing > 0 ? html`<span class="soft">${text.downloads(formatBytes(missing))}</span>` : nothing}
        </div>
      </form>
      <problem-note .problem=${this.#problem}></problem-note>
    `;
  }

  #clear() {
    this.#turns = [];
    this.requestUpdate();
  }

  async #send(event: Event) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    const model = data.get('model') as ShelfModel['root'];
    const content = (data.get('text') as string).trim();
    if (!content) return;
    form.querySelector('textarea')?.setRangeText('', 0, content.length + 1e6);
    form.reset();
    const messages = [...this.#turns, { role: 'user' as const, content }];
    const answer: Turn = { role: 'assistant', content: '' };
    this.#turns = [...messages, answer];
    this.#problem = undefined;
    this.#running = new AbortController();
    this.requestUpdate();
    try {
      await this.node.chat({
        model,
        messages,
        temperature: 0.7,
        maxTokens: 256,
        signal: this.#running.signal,
        onText: (text) => {
          answer.content += text;
          this.requestUpdate();
        },
      });
    } catch (error) {
      if (!isAbort(error)) {
        this.#problem = problemOf(error);
      }
    }
    this.#running = undefined;
    this.requestUpdate();
  }
}

customElements.define('chat-box', ChatBox);
