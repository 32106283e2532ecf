import { css, html, nothing } from 'lit';
import { isAbort } from '../base/app-error.ts';
import { askOthers, problemOf, type JobView, type Problem, type ShelfModel } from '../node/index.ts';
import { askFields, askStyles, readAskFields, type AskSettings } from './ask-fields.ts';
import { formatBytes, formatPeer, formatSeconds } from './format.ts';
import { NodeElement } from './node-element.ts';
import { whereChoice, whereStyles, type Where } from './where-choice.ts';
import { words } from './words/words.ts';
import './problem-note.ts';

interface Turn {
  readonly role: 'user' | 'assistant';
  content: string;
  /** Who answered, and in what time. */
  note?: string;
}

/** A conversation with a model, on this device or by whoever shares it. */
export class ChatBox extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    askStyles,
    whereStyles,
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
      li small {
        display: block;
        margin-top: 0.25rem;
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
  #where: Where = 'device';
  #running: AbortController | undefined;
  #waiting: JobView['state'] | undefined;
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
    const missing = first && this.#where === 'device' ? first.sizeBytes - first.heldBytes : 0;
    return html`
      <h2>${words().sections.chat}</h2>
      <p class="soft">${text.intro[this.#where]}</p>
      <ol aria-label=${text.conversation} aria-live="polite" aria-busy=${this.#running !== undefined}>
        ${this.#turns.map((turn) => this.#turn(turn))}
      </ol>
      <form @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${whereChoice(this.#where, ['device', 'swarm'], (where) => this.#ask(where))}
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
        ${askFields()}
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
          ${this.#waiting ? html`<span class="soft" role="status">${words().batch.state[this.#waiting]}…</span>` : nothing}
        </div>
      </form>
      <problem-note .problem=${this.#problem}></problem-note>
    `;
  }

  #turn({ role, content, note }: Turn) {
    const small = note ? html`<small class="soft figures">${note}</small>` : nothing;
    return html`<li class="card" data-role=${role}>${content || '…'}${small}</li>`;
  }

  #ask(where: Where) {
    this.#where = where;
    this.requestUpdate();
  }

  #clear() {
    this.#turns = [];
    this.requestUpdate();
  }

  async #send(event: SubmitEvent) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    const content = (data.get('text') as string).trim();
    if (!content || this.#running) return;
    // Only the message goes: how it is asked stays for the next one.
    const field = form.querySelector('textarea');
    if (field) field.value = '';
    const answer: Turn = { role: 'assistant', content: '' };
    const asked = [...this.#turns, { role: 'user' as const, content }];
    this.#turns = [...asked, answer];
    this.#problem = undefined;
    const running = new AbortController();
    this.#running = running;
    this.requestUpdate();
    try {
      await this.#answer(answer, asked, data.get('model') as ShelfModel['root'], readAskFields(data), running.signal);
    } catch (error) {
      if (!isAbort(error)) this.#problem = problemOf(error);
    }
    this.#running = undefined;
    this.#waiting = undefined;
    this.requestUpdate();
  }

  /** Fills `answer` in, word by word where this device computes it. */
  async #answer(
    answer: Turn,
    asked: readonly Turn[],
    model: ShelfModel['root'],
    { where, instruction, ...settings }: AskSettings,
    signal: AbortSignal,
  ) {
    const begunAt = performance.now();
    const turns = asked.map(({ role, content }) => ({ role, content }));
    const messages = instruction === '' ? turns : [{ role: 'system' as const, content: instruction }, ...turns];
    const question = { ...settings, model, messages };
    let who = words().batch.thisDevice;
    if (where === 'swarm') {
      const { text, by } = await askOthers(this.node, question, signal, (state) => {
        this.#waiting = state;
        this.requestUpdate();
      });
      answer.content = text;
      if (by !== undefined && by !== this.snapshot.self) who = formatPeer(by);
    } else {
      const { seed, ...rest } = question;
      await this.node.chat({
        ...rest,
        ...(seed !== undefined && { seed }),
        signal,
        onText: (text) => {
          answer.content += text;
          this.requestUpdate();
        },
      });
    }
    answer.note = words().chat.answeredBy(who, formatSeconds(performance.now() - begunAt));
  }
}

customElements.define('chat-box', ChatBox);
