import { css, html, unsafeCSS } from 'lit';
import type uPlot from 'uplot';
import plotCss from 'uplot/dist/uPlot.min.css?inline';
import { WordedElement } from './worded-element.ts';

const HEIGHT = 220;
const LEAST_WIDTH = 200;

/** A plot as wide as its place, fetched when it is first drawn; what it shows in words is its heir's `describe`. */
export abstract class PlotElement extends WordedElement {
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

  #plot: uPlot | undefined;
  readonly #resized = new ResizeObserver(() => {
    if (this.clientWidth > 0) this.#plot?.setSize({ width: this.clientWidth, height: HEIGHT });
  });

  /** Read out instead of the picture. */
  protected abstract describe(): string;
  /** Axes and series, without the size. */
  protected abstract options(): Omit<uPlot.Options, 'width' | 'height'>;
  /** A row of x, then one of each series. */
  protected abstract data(): uPlot.AlignedData;

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
    return html`<div class="plot" role="img" aria-label=${this.describe()}></div>`;
  }

  protected override updated(): void {
    void this.#draw();
  }

  protected colour(name: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim();
  }

  protected axis(): uPlot.Axis {
    return { stroke: this.colour('--ink-soft'), grid: { stroke: this.colour('--line'), width: 1 } };
  }

  async #draw(): Promise<void> {
    const { default: Plot } = await import('uplot');
    const target = this.renderRoot.querySelector<HTMLElement>('.plot');
    if (!target || !this.isConnected) return;
    const options = this.options();
    // Another language names the lines anew.
    if (this.#plot?.series.some(({ label }, i) => i > 0 && label !== options.series[i]?.label)) this.#forget();
    const size = { width: Math.max(LEAST_WIDTH, this.clientWidth), height: HEIGHT };
    this.#plot ??= new Plot({ ...options, ...size }, undefined, target);
    this.#plot.setData(this.data());
  }

  #forget(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }
}
