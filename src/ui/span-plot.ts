import { css, html, unsafeCSS } from 'lit';
import type uPlot from 'uplot';
import plotCss from 'uplot/dist/uPlot.min.css?inline';
import { WordedElement } from './worded-element.ts';

/** Lines over time: `values[i]` of each belongs to `times[i]`. */
export interface Line {
  readonly label: string;
  readonly values: readonly number[];
}

const HEIGHT = 200;
const SHORTEST_SECONDS = 600;
/** Lines are told apart by their dashes too, not by colour alone. */
const DASHES = [[], [8, 4], [2, 4]];
const COLOURS = ['--accent', '--ink', '--good'];

/** Amounts over time as lines; the words for it and the table are its owner's. */
export class SpanPlot extends WordedElement {
  static override properties = { times: { attribute: false }, lines: { attribute: false }, label: { type: String } };
  static override styles = [
    unsafeCSS(plotCss),
    css`
      :host {
        display: block;
        min-height: ${HEIGHT}px;
      }
      .u-legend {
        font: inherit;
        font-size: 0.875rem;
      }
    `,
  ];

  /** Seconds since the Unix epoch, rising. */
  declare times: readonly number[];
  declare lines: readonly Line[];
  declare label: string;
  #plot: uPlot | undefined;
  readonly #resized = new ResizeObserver(() => {
    if (this.clientWidth > 0) this.#plot?.setSize({ width: this.clientWidth, height: HEIGHT });
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#forget();
  }

  override render() {
    return html`<div class="plot" role="img" aria-label=${this.label}></div>`;
  }

  protected override updated(): void {
    void this.#draw();
  }

  async #draw(): Promise<void> {
    const { default: Plot } = await import('uplot');
    const target = this.renderRoot.querySelector<HTMLElement>('.plot');
    if (!target || !this.isConnected) return;
    // Another language names the lines anew.
    if (this.#plot?.series.slice(1).some(({ label }, index) => label !== this.lines[index]?.label)) this.#forget();
    this.#plot ??= new Plot(this.#options(), [[]], target);
    this.#plot.setData([[...this.times], ...this.lines.map(({ values }) => [...values])]);
  }

  #span(): [first: number, last: number] {
    const first = this.times[0] ?? 0;
    return [first, Math.max(this.times.at(-1) ?? 0, first + SHORTEST_SECONDS)];
  }

  #forget() {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #options(): uPlot.Options {
    const colour = (name = '--ink') => getComputedStyle(this).getPropertyValue(name).trim();
    const axis = { stroke: colour('--ink-soft'), grid: { stroke: colour('--line'), width: 1 } };
    return {
      width: Math.max(200, this.clientWidth),
      height: HEIGHT,
      axes: [axis, { ...axis, size: 64 }],
      // By itself the plot draws one moment alone in a span of years.
      scales: { x: { range: () => this.#span() } },
      series: [
        {},
        ...this.lines.map(({ label }, index) => ({
          label,
          stroke: colour(COLOURS[index % COLOURS.length]),
          dash: DASHES[index % DASHES.length] ?? [],
          width: 2,
          points: { show: this.times.length < 4 },
        })),
      ],
    };
  }
}

customElements.define('span-plot', SpanPlot);
