import { css, html, nothing } from 'lit';
import { problemOf, type JobView, type Problem, type ShelfModel } from '../node/index.ts';
import { formatBytes, formatCount, formatPeer, formatTime } from './format.ts';
import { NodeElement } from './node-element.ts';
import { strings } from './strings.ts';
import './problem-note.ts';

const STATE_WORDS = {
  preparing: 'Reading the file',
  interrupted: 'Interrupted when the page closed',
  running: 'Running',
  waiting: 'Waiting for somebody who shares this model',
  done: 'Done',
  cancelled: 'Cancelled',
  failed: 'Failed',
} satisfies Record<JobView['state'], string>;

/** Drop a batch, watch it being answered, take the results away. */
export class BatchDesk extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
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
      article {
        margin-top: 0.75rem;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 0.75rem 0 0;
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.25rem;
        justify-content: center;
      }
      input[type='radio'] {
        width: 24px;
        height: 24px;
        vertical-align: middle;
        accent-color: var(--accent);
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
  #where: 'swarm' | 'device' = 'swarm';
  #adapter: ShelfModel['root'] | undefined;
  #refused: Problem | undefined;

  override render() {
    const { jobs } = this.snapshot;
    return html`
      <h2>Batch</h2>
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
        <p>Drop a <code>.jsonl</code> file in OpenAI’s batch format: one request on each line.</p>
        <button class="primary" @click=${() => this.renderRoot.querySelector('input')?.click()}>Choose a file</button>
        <input
          type="file"
          class="visually-hidden"
          tabindex="-1"
          aria-label="Batch file"
          accept=".jsonl,application/jsonl"
          @change=${(event: Event) => {
            const input = event.target as HTMLInputElement;
            void this.#submit(input.files?.[0]);
            input.value = '';
          }}
        />
        <fieldset>
          <legend class="visually-hidden">Who computes</legend>
          ${this.#choice('swarm', 'People who share this model')} ${this.#choice('device', 'This device alone')}
        </fieldset>
        ${this.#adapters()}
      </div>
      <problem-note .problem=${this.#refused}></problem-note>
      ${jobs.map((job) => this.#job(job))}
    `;
  }

  #choice(where: 'swarm' | 'device', words: string) {
    return html`<label
      ><input
        type="radio"
        name="where"
        value=${where}
        .checked=${this.#where === where}
        @change=${() => {
          this.#where = where;
        }}
      />${words}</label
    >`;
  }

  #adapters() {
    const { models } = this.snapshot;
    const adapters = models.filter(({ adapter }) => adapter !== undefined);
    if (adapters.length === 0) return nothing;
    const text = strings.batch;
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
    const ended = job.recordsDone + job.recordsFailed;
    const isOver = job.state === 'done' || job.state === 'cancelled' || job.state === 'failed';
    return html`
      <article class="card" data-job=${job.id} data-state=${job.state}>
        <div class="row">
          <h3 class="grow">${job.fileName}</h3>
          <span class="soft">${STATE_WORDS[job.state]}</span>
        </div>
        <progress
          aria-label="Progress of ${job.fileName}"
          max=${Math.max(1, job.recordsTotal)}
          value=${ended}
        ></progress>
        <p class="figures" data-testid="counts">
          ${formatCount(job.recordsDone)} of ${formatCount(job.recordsTotal)}
          answered${job.recordsFailed > 0 ? `, ${formatCount(job.recordsFailed)} with an error` : ''}${
            job.reissues > 0 ? `, ${formatCount(job.reissues)} asked again` : ''
          }.
          <span class="soft">Since ${formatTime(job.createdAtMs)}.</span>
        </p>
        ${
          job.byPeer.length > 0
            ? html`<p class="soft figures" data-testid="by-peer">
                ${job.byPeer
                  .map(
                    ({ peer, isSelf, records }) =>
                      `${isSelf ? 'this device' : formatPeer(peer)} ${formatCount(records)}`,
                  )
                  .join(' · ')}
              </p>`
            : nothing
        }
        <div class="row">
          ${
            ended > 0
              ? html`<button class="primary" @click=${() => void this.#take(job, 'output')}>Download results</button>`
              : nothing
          }
          ${
            job.recordsFailed > 0
              ? html`<button @click=${() => void this.#take(job, 'errors')}>Download errors</button>`
              : nothing
          }
          ${
            job.state === 'interrupted'
              ? html`<button class="primary" @click=${() => void this.node.resumeJob(job.id)}>Go on</button>`
              : nothing
          }
          ${
            isOver
              ? html`<button @click=${() => void this.node.removeJob(job.id)}>Remove</button>`
              : html`<button @click=${() => void this.node.cancelJob(job.id)}>Cancel</button>`
          }
        </div>
        <problem-note .problem=${job.problem}></problem-note>
      </article>
    `;
  }

  async #take(job: JobView, which: 'output' | 'errors') {
    const blob = (await this.node.jobFiles(job.id))[which];
    const url = URL.createObjectURL(blob);
    const name = `${job.fileName.replace(/\.jsonl$/, '')}.${which}.jsonl`;
    Object.assign(document.createElement('a'), { href: url, download: name, title: formatBytes(blob.size) }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}

customElements.define('batch-desk', BatchDesk);
