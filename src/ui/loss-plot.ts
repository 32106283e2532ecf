import { css, html, unsafeCSS } from 'lit';
import type uPlot from 'uplot';
import plotCss from 'uplot/dist/uPlot.min.css?inline';
import { sharedStyles } from './shared-styles.ts';
import { formatDecimal } from './format.ts';
import { WordedElement } from './worded-element.ts';
import { words } from './words/words.ts';

interface Point {
  readonly step: number;
  readonly loss: number;
}

const HEIGHT = 240;

/** Loss of each step as a line, held-out loss as dots; in words for those who do not see it. */
export class LossPlot extends WordedElement {
  static override properties = { curve: { attribute: false }, evaluations: { attribute: false } };
  static override styles = [
    sharedStyles,
    unsafeCSS(plotCss),
    css`
      :host {
        min-height: ${HEIGHT}px;
      }
      .u-legend {
        font: inherit;
        font-size: 0.875rem;
      }
    `,
  ];

  declare curve: readonly Point[];
  declare evaluations: readonly Point[];
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
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  override render() {
    const [first, last] = [this.evaluations[0], this.evaluations.at(-1)];
    const { plot, plotted } = words().studio;
    const label = first && last ? plotted(formatDecimal(first.loss, 3), formatDecimal(last.loss, 3)) : plot;
    return html`<div class="plot" role="img" aria-label=${label}></div>`;
  }

  protected override updated(): void {
    void this.#draw();
  }

  async #draw(): Promise<void> {
    const { default: Plot } = await import('uplot');
    const target = this.renderRoot.querySelector<HTMLElement>('.plot');
    if (!target || !this.isConnected) return;
    this.#plot ??= new Plot(this.#options(), [[], [], []], target);
    const heldOut = new Map(this.evaluations.map(({ step, loss }) => [step, loss]));
    const losses = new Map(this.curve.map(({ step, loss }) => [step, loss]));
    const steps = [...new Set([...heldOut.keys(), ...losses.keys()])].toSorted((a, b) => a - b);
    this.#plot.setData([
      steps,
      steps.map((step) => losses.get(step) ?? null),
      steps.map((step) => heldOut.get(step) ?? null),
    ]);
  }

  #options(): uPlot.Options {
    const colour = (name: string) => getComputedStyle(this).getPropertyValue(name).trim();
    const axis = { stroke: colour('--ink-soft'), grid: { stroke: colour('--line'), width: 1 } };
    return {
      width: Math.max(200, this.clientWidth),
      height: HEIGHT,
      scales: { x: { time: false } },
      axes: [axis, axis],
      series: [
        { label: words().studio.step },
        { label: words().studio.loss, stroke: colour('--accent'), width: 2, spanGaps: true },
        {
          label: words().studio.heldOut,
          stroke: colour('--ink'),
          width: 1,
          dash: [4, 4],
          spanGaps: true,
          points: { show: true, size: 8 },
        },
      ],
    };
  }
}

customElements.define('loss-plot', LossPlot);
