import { css, html, nothing } from 'lit';
import { readHistory, type History, type Span } from '../node/index.ts';
import { formatBytes, formatCount, formatDay, formatDecimal, formatDuration, formatMinute } from './format.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';
import './span-plot.ts';

const READ_PERIOD_MS = 10_000;
const HOUR_MINUTES = 60;
const MONTH_DAYS = 30;
/** What a laptop's GPU draws at work beyond what it draws at rest; a person who knows better says so. */
const USUAL_WATTS = 30;
const WATTS_KEY = 'starling-watts';

/** What this device has done over minutes and days: lines for the eye, one table for everyone. */
export class HistoryView extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      table {
        border-collapse: collapse;
        margin: 0.5rem 0;
      }
      th,
      td {
        padding: 0.3rem 1rem 0.3rem 0;
        text-align: right;
        border-bottom: 1px solid var(--line);
      }
      th:first-child,
      td:first-child {
        text-align: left;
      }
      .wide {
        overflow-x: auto;
      }
      select,
      input {
        min-height: 36px;
      }
      input {
        width: 5rem;
      }
    `,
  ];

  #history: History = { minutes: [], days: [] };
  #kind: keyof History = 'minutes';
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#read();
    this.#timer = setInterval(() => void this.#read(), READ_PERIOD_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render() {
    const text = words().history;
    const spans = this.#shown();
    const total = sumOf(spans);
    return html`
      <div class="row">
        <h2 class="grow">${text.title}</h2>
        <label
          >${text.span}
          <select
            @change=${({ target }: Event) => {
              this.#kind = (target as HTMLSelectElement).value as keyof History;
              this.requestUpdate();
            }}
          >
            <option value="minutes">${text.hour}</option>
            <option value="days">${text.month}</option>
          </select></label
        >
      </div>
      ${spans.length === 0 ? html`<p>${text.nothing}</p>` : this.#plots(spans)}
      ${total.servedSeconds + total.busySeconds > 0 ? this.#energy(total.busySeconds, total.servedSeconds) : nothing}
    `;
  }

  #plots(spans: readonly Span[]) {
    const text = words().history;
    const times = spans.map(({ startMs }) => startMs / 1_000);
    const perSecond = this.#kind === 'minutes';
    const tokens = spans.map((span) => (perSecond ? span.tokens / 60 : span.tokens));
    const megabytes = (name: 'fromPeersBytes' | 'fromWebSeedBytes' | 'uploadedBytes') =>
      spans.map((span) => span[name] / 1e6);
    const total = sumOf(spans);
    return html`
      <span-plot
        .times=${times}
        .lines=${[{ label: perSecond ? text.tokensPerSecond : text.tokens, values: tokens }]}
        label=${text.tokensSummary(formatCount(total.tokens))}
      ></span-plot>
      <span-plot
        .times=${times}
        .lines=${[
          { label: text.fromPeers, values: megabytes('fromPeersBytes') },
          { label: text.fromWebSeed, values: megabytes('fromWebSeedBytes') },
          { label: text.uploaded, values: megabytes('uploadedBytes') },
        ]}
        label=${text.bytesSummary(
          formatBytes(total.fromPeersBytes),
          formatBytes(total.fromWebSeedBytes),
          formatBytes(total.uploadedBytes),
        )}
      ></span-plot>
      <details>
        <summary>${text.table}</summary>
        <div class="wide" tabindex="0" role="region" aria-label=${text.table}>
          <table class="figures" data-testid="history">
            <thead>
              <tr>
                ${text.columns.map((column) => html`<th scope="col">${column}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${spans.toReversed().map((span) => this.#line(span))}
            </tbody>
          </table>
        </div>
      </details>
    `;
  }

  #line(span: Span) {
    return html`<tr>
      <td>${this.#kind === 'minutes' ? formatMinute(span.startMs) : formatDay(span.startMs)}</td>
      <td>${formatCount(span.tokens)}</td>
      <td>${formatBytes(span.fromPeersBytes)}</td>
      <td>${formatBytes(span.fromWebSeedBytes)}</td>
      <td>${formatBytes(span.uploadedBytes)}</td>
      <td>${formatDuration(span.servedSeconds)}</td>
      <td>${formatDuration(span.busySeconds)}</td>
    </tr>`;
  }

  #energy(busySeconds: number, servedSeconds: number) {
    const text = words().history;
    const watts = keptWatts();
    return html`
      <p class="figures" data-testid="energy">
        ${text.energy(
          formatDuration(servedSeconds),
          formatDuration(busySeconds),
          formatDecimal((busySeconds * watts) / 3600, 2),
        )}
      </p>
      <label class="row"
        >${text.watts}
        <input
          type="number"
          min="1"
          max="1000"
          .value=${String(watts)}
          @change=${({ target }: Event) => {
            keepWatts((target as HTMLInputElement).valueAsNumber);
            this.requestUpdate();
          }}
      /></label>
    `;
  }

  #shown(): readonly Span[] {
    return this.#history[this.#kind].slice(this.#kind === 'minutes' ? -HOUR_MINUTES : -MONTH_DAYS);
  }

  async #read() {
    this.#history = await readHistory().catch(() => this.#history);
    this.requestUpdate();
  }
}

function sumOf(spans: readonly Span[]): Omit<Span, 'startMs'> {
  const of = (name: keyof Span) => spans.reduce((sum, span) => sum + span[name], 0);
  return {
    tokens: of('tokens'),
    servedSeconds: of('servedSeconds'),
    busySeconds: of('busySeconds'),
    fromPeersBytes: of('fromPeersBytes'),
    fromWebSeedBytes: of('fromWebSeedBytes'),
    uploadedBytes: of('uploadedBytes'),
  };
}

function keptWatts(): number {
  const kept = Number(localStorage.getItem(WATTS_KEY));
  return kept >= 1 && kept <= 1000 ? kept : USUAL_WATTS;
}

function keepWatts(watts: number): void {
  if (watts >= 1 && watts <= 1000) localStorage.setItem(WATTS_KEY, String(watts));
}

customElements.define('history-view', HistoryView);
