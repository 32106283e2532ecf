import { css, html, nothing } from 'lit';
import { isAbort } from '../base/app-error.ts';
import { measureGpu, problemOf, type BenchRow, type GpuMeasurement, type Problem } from '../node/index.ts';
import { formatCount, formatDecimal } from './format.ts';
import { NodeElement } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { words } from './words/words.ts';
import './problem-note.ts';

/** Measures this device's GPU when asked, and saves what it found as JSON. */
export class GpuBench extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      table {
        border-collapse: collapse;
        margin: 1rem 0;
      }
      th,
      td {
        padding: 0.35rem 1rem 0.35rem 0;
        text-align: right;
        border-bottom: 1px solid var(--line);
      }
      th:nth-child(-n + 2),
      td:nth-child(-n + 2) {
        text-align: left;
      }
      .wide {
        overflow-x: auto;
      }
    `,
  ];

  #rows: readonly BenchRow[] = [];
  #found: GpuMeasurement | undefined;
  #problem: Problem | undefined;
  #running: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#running?.abort();
  }

  async #measure() {
    this.#running = new AbortController();
    this.#rows = [];
    this.#found = undefined;
    this.#problem = undefined;
    this.requestUpdate();
    const show = (row: BenchRow) => {
      this.#rows = [...this.#rows, row];
      this.requestUpdate();
    };
    try {
      this.#found = await measureGpu(show, this.#running.signal);
    } catch (error) {
      if (!isAbort(error)) this.#problem = problemOf(error);
    } finally {
      this.#running = undefined;
      this.requestUpdate();
    }
  }

  override render() {
    const text = words().bench;
    const { phase } = this.snapshot;
    const isBusy = phase !== 'off' && phase !== 'connected';
    const [first] = this.#rows;
    return html`
      <h2>${text.title}</h2>
      <p>${text.intro}</p>
      ${isBusy ? html`<p>${text.busy}</p>` : nothing}
      <div class="row">
        ${
          this.#running
            ? html`<button @click=${() => this.#running?.abort()}>${text.cancel}</button>
                <progress aria-label=${text.title}></progress>`
            : html`<button class="primary" ?disabled=${isBusy} @click=${() => void this.#measure()}>
                ${text.start}
              </button>`
        }
        ${this.#found ? html`<button @click=${() => this.#save()}>${text.save}</button>` : nothing}
      </div>
      <problem-note .problem=${this.#problem}></problem-note>
      ${
        first
          ? html`<div class="wide" tabindex="0" role="region" aria-label=${text.title}>
              <table class="figures" data-testid="bench">
                <thead>
                  <tr>
                    ${text.columns.map((column) => html`<th scope="col">${column}</th>`)}
                  </tr>
                </thead>
                <tbody>
                  ${this.#rows.map((row) => this.#line(row))}
                </tbody>
              </table>
            </div>`
          : nothing
      }
      ${first?.layers === 1 ? html`<p class="soft">${text.layers(first.layers)}</p>` : nothing}
      ${this.#found ? html`<p class="soft">${text.memory(formatDecimal(this.#found.bytesPerSecond / 1e9, 1))}</p>` : nothing}
    `;
  }

  #line({ shape, type, batch, tokensPerSecond, stepMs, rooflineShare }: BenchRow) {
    return html`<tr>
      <td>${shape}</td>
      <td>${type}</td>
      <td>${batch}</td>
      <td>${formatCount(tokensPerSecond)}</td>
      <td>${formatDecimal(stepMs, 1)}</td>
      <td>${formatDecimal(100 * rooflineShare, 1)} %</td>
    </tr>`;
  }

  #save() {
    const json = `${JSON.stringify(this.#found, null, 2)}\n`;
    saveFile('starling-gpu.json', new Blob([json], { type: 'application/json' }));
  }
}

customElements.define('gpu-bench', GpuBench);
