import { css, html, nothing } from 'lit';
import { problemOf, type JobView, type Problem, type ShelfModel } from '../node/index.ts';
import { formatBytes, formatCount, formatDuration, formatPeer, formatTime } from './format.ts';
import { inbox } from './inbox.ts';
import { NodeElement } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { whereChoice, whereStyles, type Where } from './where-choice.ts';
import { words } from './words/words.ts';
import './problem-note.ts';

/** Drop a batch, watch it being answered, take the results away. */
export class BatchDesk extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    whereStyles,
    css`
      .drop {
        border: 2px dashed var(--ink-soft);
        border-radius: var(--radius);
        padding: 1.5rem;
        text-align: center;
      }
      .drop[data-over] {
        border-color: var(--accent);
        background: var(--surface);
      }
      .drop p {
        margin-inline: auto;
      }
      .arrived {
        margin-top: 1rem;
      }
      article {
        margin-top: 0.75rem;
      }
      fieldset {
        justify-content: center;
      }
      label {
        display: inline-flex;
        gap: 0.4rem;
        align-items: center;
        min-height: 28px;
      }
    `,
  ];

  #isOver = false;
  #where: Where = 'swarm';
  #adapter: ShelfModel['root'] | undefined;
  #refused: Problem | undefined;
  /** Of each batch that runs, what was answered when this page first saw it. */
  readonly #seen = new Map<JobView['id'], { readonly ended: number; readonly atMs: number }>();

  #stopWatching: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopWatching = inbox.onChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWatching?.();
  }

  override render() {
    const { jobs } = this.snapshot;
    const text = words().batch;
    return html`
      <h2>${words().sections.batch}</h2>
      <div
        class="drop"
        ?data-over=${this.#isOver}
        @dragover=${(event: DragEvent) => this.#hover(event, true)}
        @dragleave=${(event: DragEvent) => this.#hover(event, false)}
        @drop=${(event: DragEvent) => {
          this.#hover(event, false);
          void this.#submit(event.dataTransfer?.files[0]);
        }}
      >
        <p>${text.drop}</p>
        <button class="primary" @click=${() => this.renderRoot.querySelector('input')?.click()}>${text.choose}</button>
        <input
          type="file"
          class="visually-hidden"
          tabindex="-1"
          aria-label=${text.file}
          accept=".jsonl,application/jsonl"
          @change=${(event: Event) => {
            const input = event.target as HTMLInputElement;
            void this.#submit(input.files?.[0]);
            input.value = '';
          }}
        />
        ${whereChoice(this.#where, ['swarm', 'device'], (where) => (this.#where = where))} ${this.#adapters()}
        ${this.#arrived()}
      </div>
      <problem-note .problem=${this.#refused}></problem-note>
      ${jobs.map((job) => this.#job(job))}
    `;
  }

  /** A file that came from another program waits for a click: sending it shows its text to others. */
  #arrived() {
    const file = inbox.batch();
    if (!file) return nothing;
    const text = words().batch;
    return html`<div class="row arrived" role="status">
      <span class="grow">${text.arrived(file.name, formatBytes(file.size))}</span>
      <button @click=${() => inbox.clearBatch()}>${text.leave}</button>
      <button
        class="primary"
        @click=${() => {
          inbox.clearBatch();
          void this.#submit(file);
        }}
      >
        ${text.send}
      </button>
    </div>`;
  }

  #adapters() {
    const { models } = this.snapshot;
    const adapters = models.filter(({ adapter }) => adapter !== undefined);
    if (adapters.length === 0) return nothing;
    const text = words().batch;
    return html`<label
      >${text.adapter}
      <select
        name="adapter"
        @change=${({ target }: Event) => {
          const chosen = (target as HTMLSelectElement).value;
          this.#adapter = adapters.find(({ root }) => root === chosen)?.root;
        }}
      >
        <option value="">${text.noAdapter}</option>
        ${adapters.map(({ root, name }) => html`<option value=${root} ?selected=${root === this.#adapter}>${name}</option>`)}
      </select></label
    >`;
  }

  #hover(event: DragEvent, isOver: boolean) {
    event.preventDefault();
    this.#isOver = isOver;
    this.requestUpdate();
  }

  async #submit(file: File | undefined) {
    if (!file) return;
    this.#refused = undefined;
    try {
      await this.node.submitBatch(file, this.#where, this.#adapter);
    } catch (error) {
      this.#refused = problemOf(error);
    }
    this.requestUpdate();
  }

  #job(job: JobView) {
    const text = words().batch;
    const ended = job.recordsDone + job.recordsFailed;
    const isOver = job.state === 'done' || job.state === 'cancelled' || job.state === 'failed';
    return html`
      <article class="card" data-job=${job.id} data-state=${job.state}>
        <div class="row">
          <h3 class="grow">${job.fileName}</h3>
          <span class="soft">${text.state[job.state]}</span>
        </div>
        <progress
          aria-label=${text.progressOf(job.fileName)}
          max=${Math.max(1, job.recordsTotal)}
          value=${ended}
        ></progress>
        <p class="figures" data-testid="counts">
          ${[
            text.answered(formatCount(job.recordsDone), formatCount(job.recordsTotal)),
            ...(job.recordsFailed > 0 ? [text.withError(job.recordsFailed)] : []),
            ...(job.reissues > 0 ? [text.askedAgain(job.reissues)] : []),
            ...this.#left(job),
          ].join(', ')}.
          <span class="soft">${text.since(formatTime(job.createdAtMs))}</span>
        </p>
        ${
          job.byPeer.length > 0
            ? html`<p class="soft figures" data-testid="by-peer">
                ${job.byPeer
                  .map(
                    ({ peer, isSelf, records }) =>
                      `${isSelf ? text.thisDevice : formatPeer(peer)} ${formatCount(records)}`,
                  )
                  .join(' · ')}
              </p>`
            : nothing
        }
        <div class="row">
          ${
            ended > 0
              ? html`<button class="primary" @click=${() => void this.#take(job, 'output')}>${text.results}</button>`
              : nothing
          }
          ${
            job.recordsFailed > 0
              ? html`<button @click=${() => void this.#take(job, 'errors')}>${text.errors}</button>`
              : nothing
          }
          ${
            job.state === 'interrupted'
              ? html`<button class="primary" @click=${() => void this.node.resumeJob(job.id)}>${text.goOn}</button>`
              : nothing
          }
          ${
            isOver
              ? html`<button @click=${() => void this.node.removeJob(job.id)}>${text.remove}</button>`
              : html`<button @click=${() => void this.node.cancelJob(job.id)}>${text.cancel}</button>`
          }
        </div>
        <problem-note .problem=${job.problem}></problem-note>
      </article>
    `;
  }

  /** At the rate since this page first saw it run. */
  #left({ id, state, recordsTotal, recordsDone, recordsFailed }: JobView): string[] {
    const [ended, nowMs] = [recordsDone + recordsFailed, Date.now()];
    if (state !== 'running') {
      this.#seen.delete(id);
      return [];
    }
    const seen = this.#seen.get(id) ?? { ended, atMs: nowMs };
    this.#seen.set(id, seen);
    if (ended === seen.ended) return [];
    const seconds = ((recordsTotal - ended) / (ended - seen.ended)) * ((nowMs - seen.atMs) / 1_000);
    return [words().batch.left(formatDuration(Math.ceil(seconds)))];
  }

  async #take(job: JobView, which: 'output' | 'errors') {
    const blob = (await this.node.jobFiles(job.id))[which];
    saveFile(`${job.fileName.replace(/\.jsonl$/, '')}.${which}.jsonl`, blob);
  }
}

customElements.define('batch-desk', BatchDesk);
